import Glibc
import Observability
import RecordModel
import ServiceRuntime
import Tabular

/// `identity-matching evaluate`: the search over plain files, no database, no broker (`formats.md`).
enum EvaluateCommand {
    enum Settings {
        static let register = Setting.text(
            "REGISTER", required: true, help: "The register: a CSV or NDJSON file of persons.")
        static let records = Setting.text("RECORDS", required: true, help: "The dose records: a CSV or NDJSON file.")
        static let out = Setting.text(
            "OUT", required: true, help: "Where the pairs go: a CSV file, - for standard output.")
        static let weights = Setting.text(
            "WEIGHTS", help: "A table of weights from estimate-weights; the one shipped with the service if empty.")
        static let index = Setting.text(
            "INDEX", help: "Where to keep the index file; a temporary file, gone afterwards, if empty.")
        static let commune = Setting.flag(
            "USE_COMMUNE", default: true, help: "Look at the records' residence commune beside the four items.")
    }

    static let columns = ["facility_code", "source_record_id", "rank", "personal_id", "weight", "strength"]
    private static let part = 8_192

    static let subcommand = Subcommand(
        "evaluate", summary: "Looks for candidates over plain files; neither database nor broker.",
        settings: [
            Settings.register, Settings.records, Settings.out, Settings.weights, Settings.index, Settings.commune,
        ]
    ) { configuration, log in
        let table = try weightTable(configuration[Settings.weights])
        try withIndex(of: configuration[Settings.register], keptAt: configuration[Settings.index], log) { index in
            let search = CandidateSearch(index: index, table: table)
            let output = try PairOutput(configuration[Settings.out])
            let unreadable = try evaluate(
                search, configuration[Settings.records], usingCommune: configuration[Settings.commune], into: output,
                log)
            if unreadable > 0 { log.warning("records that could not be read", ["records": .int(unreadable)]) }
        }
    }

    static func weightTable(_ path: String) throws -> WeightTable {
        guard !path.isEmpty else { return .standard }
        var bytes: [UInt8] = []
        try readChunks(path: path) { bytes += $0 }
        return try WeightTable(json: bytes)
    }

    /// Opens the index of a register file, making it first.
    static func withIndex(
        of register: String, keptAt kept: String, _ log: Log, _ body: (RegisterIndex) throws -> Void
    ) throws {
        let folder = kept.isEmpty ? try TemporaryFolder() : nil
        defer { folder?.remove(["register.index", "register.index.building"]) }
        let path = folder.map { $0.path + "/register.index" } ?? kept
        let started = ContinuousClock.now
        let rows = LeftOutRows(of: "register", log)
        let (index, unreadable) = try RegisterFile.makeIndex(of: register, at: path) { rows.name($0) }
        log.info(
            "index made",
            [
                "persons": .int(index.count), "unreadable": .int(unreadable), "bytes": .int(index.size),
                "bytes_per_person": .int(index.size / index.count),
                "milliseconds": .int(Int(started.duration(to: .now) / .milliseconds(1))),
            ])
        try body(index)
    }

    /// - Returns: records that could not be read.
    static func evaluate(
        _ search: CandidateSearch, _ records: String, usingCommune: Bool = true, into output: PairOutput, _ log: Log
    ) throws -> Int {
        let started = ContinuousClock.now
        var count = 0
        var spent = Duration.zero
        var pairs = 0
        let rows = LeftOutRows(of: "records", log)
        func answer(_ part: [RecordFile.Record]) throws {
            let begun = ContinuousClock.now
            let suggestions = search.suggest(part.map(\.typed), communes: usingCommune ? part.map(\.commune) : [])
            spent += begun.duration(to: .now)
            count += part.count
            for (record, suggestion) in zip(part, suggestions) { pairs += try output.write(record, suggestion) }
        }
        let unreadable = try RecordFile.forEachPart(records, of: part, left: { rows.name($0) }, answer)
        try output.finish()
        let seconds = spent / .seconds(1)
        log.info(
            "evaluated",
            [
                "records": .int(count), "pairs": .int(pairs),
                "records_per_second": .int(seconds > 0 ? Int(Double(count) / seconds) : 0),
                "milliseconds": .int(Int(started.duration(to: .now) / .milliseconds(1))),
            ])
        return unreadable
    }
}

/// `pairs.csv`: in the order of the records, each record's candidates by rank; a file appears whole or not at all.
final class PairOutput {
    private let file: IndexOutput?
    private var place = 0
    private var writer = CSVWriter(columns: EvaluateCommand.columns)

    /// - Parameter path: `-` for standard output.
    init(_ path: String) throws { file = path == "-" ? nil : try IndexOutput(path: path) }

    /// - Returns: rows written.
    func write(_ record: RecordFile.Record, _ suggestion: Suggestion) throws -> Int {
        for (index, candidate) in suggestion.candidates.enumerated() {
            writer.row([
                record.facilityCode, record.sourceRecordID, String(index + 1), candidate.personalID,
                Self.text(candidate.weight), suggestion.strength.label,
            ])
        }
        if writer.bytes.count > 1 << 18 { try flush() }
        return suggestion.candidates.count
    }

    func finish() throws {
        try flush()
        try file?.finish()
    }

    private func flush() throws {
        let bytes = writer.take()
        if let file {
            try file.write(bytes[...], at: place)
            place += bytes.count
        } else {
            try StandardOutput.write(bytes)
        }
    }

    /// Three places after the point.
    private static func text(_ weight: Double) -> String {
        let thousandths = Int((weight * 1000).rounded())
        let whole = thousandths.magnitude / 1000
        let rest = String(thousandths.magnitude % 1000)
        return (thousandths < 0 ? "-" : "") + "\(whole)." + String(repeating: "0", count: 3 - rest.utf8.count) + rest
    }
}

enum StandardOutput {
    /// - Throws: `IndexError.unwritable`.
    static func write(_ bytes: [UInt8]) throws(IndexError) {
        let failure = unsafe bytes.withUnsafeBytes { buffer -> Int32 in
            var done = 0
            while done < buffer.count {
                let written = unsafe Glibc.write(STDOUT_FILENO, buffer.baseAddress! + done, buffer.count - done)
                if written < 0 {
                    if errno == EINTR { continue }
                    return errno
                }
                done += written
            }
            return 0
        }
        if failure != 0 { throw .unwritable(path: "standard output", reason: MappedFile.reason(failure)) }
    }
}
