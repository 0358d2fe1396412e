import Observability
import RecordModel
import ServiceRuntime
import Storage
import Synchronization
import Tabular
import Web

/// Takes the rows of uploads in, in the background and in batches; each batch steps the upload's progress in its own
/// transaction. A process that dies leaves its upload to another one when the lease is over, which goes on behind the
/// last row that was taken.
final class UploadWorker: Sendable {
    static let batchSize = 2000

    private let intake: SubmissionIntake
    private let database: Database
    private let clock: any WallClock
    private let log: Log
    /// Throws while entries are held back.
    private let admit: @Sendable () throws -> Void
    private let name = UploadID.random()

    init(
        intake: SubmissionIntake, database: Database, clock: any WallClock, log: Log,
        admit: @escaping @Sendable () throws -> Void
    ) {
        self.intake = intake
        self.database = database
        self.clock = clock
        self.log = log
        self.admit = admit
    }

    /// Works until the signal says stop.
    func run(_ stop: StopSignal) throws {
        while !stop.isGiven {
            if try workOnce(stop) { continue }
            stop.wait(seconds: 0.5)
        }
    }

    /// Works on the next upload that waits; false if there is none.
    func workOnce(_ stop: StopSignal = StopSignal()) throws -> Bool {
        let claimed = try database.transaction { try UploadTable.claim(worker: name, at: clock.now(), in: $0) }
        guard let upload = claimed else { return false }
        var work = Work(upload: upload)
        try takeAll(&work, stop)
        return true
    }

    private struct Work {
        let upload: Upload
        var doneRows: Int64
        var isLost = false
        var reader: TabularReader
        var arrivals: [Arrival] = []
        var lines: [(row: Int, line: Int)] = []
        var unreadable: [UnreadableRow] = []
        var faults: [UploadFault] = []
        var lastRow: Int64 = 0
        var broken: TabularError?

        init(upload: Upload) {
            self.upload = upload
            doneRows = upload.doneRows
            reader = TabularReader(format: TabularFormat(rawValue: upload.format), schema: DoseEntry.schema)
        }

        var pending: Int { arrivals.count + unreadable.count }
    }

    private func takeAll(_ work: inout Work, _ stop: StopSignal) throws {
        let id = work.upload.id
        func chunk(_ number: Int) throws -> [UInt8]? {
            try database.transaction { try UploadTable.chunk(number, of: id, in: $0) }
        }
        var number = 0
        while let chunk = try chunk(number) {
            number += 1
            work.reader.feed(chunk)
            try drain(&work, stop)
            if work.isLost || stop.isGiven { return }
        }
        if work.upload.isComplete {
            work.reader.finish()
            try drain(&work, stop)
        }
        try flush(&work)
        if work.isLost || stop.isGiven { return }
        let state: Upload.State = work.broken != nil ? .unreadable : work.upload.isComplete ? .done : .cut
        let (broken, doneRows) = (work.broken, work.doneRows)
        try database.transaction { transaction in
            if let error = broken {
                try UploadTable.addFaults(
                    [
                        UploadFault(
                            row: Int(doneRows) + 1, line: error.line, facilityCode: "", sourceRecordID: "",
                            field: error.column, rule: error.rule.rawValue)
                    ], to: id, in: transaction)
            }
            try UploadTable.finish(id, worker: name, state: state, at: clock.now(), in: transaction)
        }
        log.info("upload taken in", ["rows": .int(Int(work.doneRows)), "state": .string(state.rawValue)])
    }

    private func drain(_ work: inout Work, _ stop: StopSignal) throws {
        while let next = work.reader.next() {
            switch next {
            case .success(let row):
                work.lastRow = Int64(row.number)
                if work.lastRow <= work.doneRows { continue }
                work.arrivals.append(
                    Arrival(
                        submission: Submission { row[$0] }, origin: .upload(work.upload.id, row: row.number),
                        receivedAt: clock.now()))
                work.lines.append((row.number, row.line))
            case .failure(let error):
                if error.isFatal {
                    work.broken = error
                    return
                }
                work.lastRow = Int64(error.row)
                if work.lastRow <= work.doneRows { continue }
                work.unreadable.append(
                    UnreadableRow(origin: .upload(work.upload.id, row: error.row), column: error.column))
                work.faults.append(
                    UploadFault(
                        row: error.row, line: error.line, facilityCode: "", sourceRecordID: "", field: error.column,
                        rule: error.rule.rawValue))
            }
            if work.pending >= Self.batchSize {
                try waitForRoom(stop)
                if stop.isGiven { return }
                try flush(&work)
                if work.isLost { return }
            }
        }
    }

    private func waitForRoom(_ stop: StopSignal) throws {
        while !stop.isGiven {
            do {
                try admit()
                return
            } catch is Problem {
                stop.wait(seconds: 0.5)
            }
        }
    }

    private func flush(_ work: inout Work) throws {
        if work.pending == 0 { return }
        let upload = work.upload
        let (arrivals, lines, unreadable, faults) = (work.arrivals, work.lines, work.unreadable, work.faults)
        let (done, last) = (work.doneRows, work.lastRow)
        let isMine = try unlessLost { transaction in
            let results = try intake.take(
                arrivals, ownFacility: upload.unitCode, unreadable: unreadable, in: transaction)
            var refused = faults
            for (index, result) in results.enumerated() {
                guard case .refused(let failure) = result.outcome else { continue }
                refused.append(
                    UploadFault(
                        row: lines[index].row, line: lines[index].line,
                        facilityCode: Refusal.code(arrivals[index].submission.facilityCode, 64),
                        sourceRecordID: Refusal.code(arrivals[index].submission.sourceRecordID, 128),
                        field: failure.field, rule: failure.rule.rawValue))
            }
            let isMine = try UploadTable.step(
                upload.id, worker: name, from: done, to: last, outcomes: results.map(\.outcome),
                unreadable: unreadable.count, at: clock.now(), in: transaction)
            if !isMine { throw LostUpload() }
            try UploadTable.addFaults(refused, to: upload.id, in: transaction)
        }
        work.isLost = !isMine
        work.doneRows = last
        work.arrivals.removeAll(keepingCapacity: true)
        work.lines.removeAll(keepingCapacity: true)
        work.unreadable.removeAll()
        work.faults.removeAll()
    }

    /// Runs a batch; false if the upload is no longer this worker's, or if nobody knows whether the batch took effect:
    /// the progress row tells the next one who claims the upload.
    private func unlessLost(_ body: (Transaction) throws -> Void) throws -> Bool {
        do {
            try database.transaction { try body($0) }
            return true
        } catch is LostUpload {
            return false
        } catch StorageError.commitOutcomeUnknown {
            return false
        }
    }
}

/// Another worker has taken the upload over: the batch is rolled back.
private struct LostUpload: Error {}
