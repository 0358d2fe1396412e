import RecordModel
import Storage

/// Where a record's message stands: a page and the bytes on it, from 0.
struct RecordPlace: Hashable, Sendable {
    var page: Int64
    var start: Int32
    var length: Int32
}

/// Records as received, many on one page: storing them costs a fraction of a row each, and a record is rarely looked at
/// again. What an amendment replaces stays where it is; nothing points to it any more.
enum RecordPage {
    /// A page is closed when it holds this much: it compresses well, and one record of it is unpacked in microseconds.
    static let bytes = 64 << 10

    /// Joins the page of `dose d`; `message` is then the record's bytes, NULL where it has not arrived.
    static let join = "LEFT JOIN record_page p ON p.page = d.record_page"
    static let message = "substring(p.records FROM d.record_start + 1 FOR d.record_length)"

    /// Puts the records of these changes on pages of their own, and their places into the changes.
    static func put(_ changes: inout [DoseChange], in tx: Transaction) throws {
        var pages: [[UInt8]] = []
        for index in changes.indices {
            guard let record = changes[index].record else { continue }
            if pages.last.map({ $0.count >= bytes }) ?? true { pages.append([]) }
            let page = pages.count - 1
            changes[index].place = RecordPlace(
                page: Int64(page), start: Int32(pages[page].count), length: Int32(record.count))
            pages[page] += record
        }
        if pages.isEmpty { return }
        // In the order in which they were given.
        let numbers = try tx.query(
            "INSERT INTO record_page (records) SELECT * FROM unnest($1) RETURNING page", [.byteArrays(pages)]
        ) { $0.int8(0) }
        for index in changes.indices {
            if let page = changes[index].place?.page { changes[index].place?.page = numbers[Int(page)] }
        }
    }
}
