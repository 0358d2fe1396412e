import Cryptography
import RecordModel
import Storage
import Tabular
import Web

/// Receives a file: keeps its bytes, looks at its form, and gives a receipt. What its rows say is judged later.
struct UploadReception {
    /// Bytes that are kept at a time.
    static let chunkSize = 512 << 10

    let database: Database
    let clock: any WallClock
    let unit: String
    let sentBy: String

    /// - Returns: the upload's id; that of an earlier upload where the same unit sent the same bytes before.
    /// - Throws: `TabularError` for a file that cannot be read at all: nothing of it is kept. `BodyCut` when the sender
    ///   went away: the rows that came complete are kept and will be taken; the list of uploads shows them.
    func receive(format: TabularFormat?, chunks: () throws -> [UInt8]?) throws -> UploadID {
        let id = UploadID.random()
        try database.transaction {
            try UploadTable.begin(
                id, unit: unit, sentBy: sentBy, format: format?.rawValue ?? "", at: clock.now(), in: $0)
        }
        var reader = TabularReader(format: format, schema: DoseEntry.schema)
        var hash = SHA256()
        var pending: [UInt8] = []
        var number = 0
        var rows = 0
        func look() throws {
            while let next = reader.next() {
                switch next {
                case .success(let row): rows = row.number
                case .failure(let error):
                    if error.isFatal { throw error }
                    rows = error.row
                }
            }
        }
        func keep() throws {
            if pending.isEmpty { return }
            try database.transaction {
                try UploadTable.add(pending, number: number, rows: rows, to: id, at: clock.now(), in: $0)
            }
            number += 1
            pending = []
        }
        do {
            while let chunk = try chunks() {
                hash.update(chunk)
                reader.feed(chunk)
                try look()
                pending += chunk
                if pending.count >= Self.chunkSize { try keep() }
            }
            reader.finish()
            try look()
            try keep()
        } catch let cut as BodyCut {
            try keep()
            _ = try end(id, reader, rows, contentHash: nil)
            throw cut
        } catch {
            // Nothing is kept of what cannot be read; what stands after a broken connection is cleared by the lease.
            try? database.transaction { try UploadTable.forget(id, in: $0) }
            throw error
        }
        return try end(id, reader, rows, contentHash: hash.finalize())
    }

    private func end(_ id: UploadID, _ reader: TabularReader, _ rows: Int, contentHash: [UInt8]?) throws -> UploadID {
        func attempt() throws -> UploadID {
            try database.transaction {
                try UploadTable.received(
                    id, unit: unit, format: (reader.format ?? .csv).rawValue, rows: rows, contentHash: contentHash,
                    in: $0)
            }
        }
        do {
            return try attempt()
        } catch let error as StorageError where error.isDataError {
            // The same file came in twice at once: the other one was first, and is found now.
            return try attempt()
        }
    }
}
