import RecordModel

/// Where a row came from. The text form is unique, and the same each time the same row is seen again.
enum Origin: Hashable, Sendable, CustomStringConvertible {
    /// The broker's time stamp tells a message from another one at the same offset of a broker that was wiped.
    case topic(partition: Int32, offset: Int64, timestamp: Instant)
    /// A row of a request, which no one can send again under the same name.
    case request(id: String, row: Int)
    case upload(UploadID, row: Int)

    var description: String {
        switch self {
        case .topic(let partition, let offset, let timestamp): "topic/\(partition)/\(offset)@\(timestamp.microseconds)"
        case .request(let id, let row): "request/\(id)/\(row)"
        case .upload(let id, let row): "upload/\(id)/\(row)"
        }
    }

    /// Under which name rows of this origin are counted: few names, and never two writers at one for long.
    var countedAs: String {
        switch self {
        case .topic(let partition, _, _): "topic/\(partition)"
        case .request(let id, _): "request/\((id.utf8.first ?? 0) % 8)"
        case .upload(let id, _): "upload/\(id.low % 8)"
        }
    }
}

/// A row as it arrived.
struct Arrival: Sendable {
    var submission: Submission
    var origin: Origin
    /// The instant of arrival; for a message of a topic the one that the broker keeps with it, so that a redelivery
    /// reads the same.
    var receivedAt: Instant
}

/// A row of a file or request that could not be read at all.
struct UnreadableRow: Sendable, Hashable {
    var origin: Origin
    /// The column at fault, where it is known.
    var column: String
}

/// What became of a row.
enum RowOutcome: Hashable, Sendable {
    /// The first version of a record.
    case created
    /// A newer version of a record.
    case amended
    /// New, but entered before the version that stands: kept in the history.
    case late
    /// Equal to a version that is held.
    case duplicate
    case refused(RuleFailure)

    var label: String {
        switch self {
        case .created: "created"
        case .amended: "amended"
        case .late: "late"
        case .duplicate: "duplicate"
        case .refused: "refused"
        }
    }
}
