import RecordModel

/// A row that keeps all rules, in the project's own values: what the version decision works on.
struct AcceptedRow: Hashable, Sendable {
    var doseID: DoseID
    var subjectID: SubjectID
    var facilityCode: String
    var sourceRecordID: String
    var enteredAt: Instant
    var receivedAt: Instant
    var contentHash: ContentHash
    var identity: TypedIdentity
    var subject: SubjectDetails
    var dose: DoseDetails
    var status: RecordStatus
}
