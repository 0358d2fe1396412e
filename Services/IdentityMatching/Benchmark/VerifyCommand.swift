import Glibc
import Observability
import RecordModel
import ServiceRuntime
import Storage
import Tabular

/// `identity-matching benchmark-verify`: VERIFY over plain files through a database, one JSON object on standard output.
///
/// Works in a schema of its own, which it makes and drops; nothing of a service that runs there is touched. Times depend on
/// the machine: compare the ratio with the bare statement, which is of the same run.
enum VerifyCommand {
    private static let schema = "matching_benchmark"

    static let subcommand = Subcommand(
        "benchmark-verify", summary: "Measures VERIFY against the same query in the database alone; prints JSON.",
        settings: [
            StandardSettings.databaseURL, EvaluateCommand.Settings.register, EvaluateCommand.Settings.records,
        ]
    ) { configuration, log in
        let database = Database(
            DatabaseConfiguration(
                url: configuration[StandardSettings.databaseURL], schema: schema,
                applicationName: "identity-matching benchmark"), log: log)
        defer { database.close() }
        try database.withConnection {
            try $0.script("DROP SCHEMA IF EXISTS \(schema) CASCADE; CREATE SCHEMA \(schema)")
        }
        defer { try? database.withConnection { try $0.script("DROP SCHEMA \(schema) CASCADE") } }
        _ = try Migrator(
            database: database, migrations: InfrastructureMigrations.all + IdentityMatching.migrations, log: log
        ).migrate()
        let clock = SystemClock()
        let loading = try load(configuration[EvaluateCommand.Settings.register], database, clock, log)
        let records = try items(configuration[EvaluateCommand.Settings.records])
        let benchmark = VerifyBenchmark(
            database: database,
            answering: Answering(
                register: RegisterTables(), keys: PersonKeys(key: [UInt8](repeating: 1, count: 32)),
                candidates: NoCandidates()), clock: clock)
        let report = try benchmark.run(records)
        print(json(report, loading: loading))
    }

    /// Candidates are another measurement's.
    private struct NoCandidates: CandidateSource {
        func candidates(for records: [SoughtRecord], of standing: StandingRegister) -> [Candidates]? { nil }
    }

    /// - Returns: seconds that the load took.
    private static func load(_ path: String, _ database: Database, _ clock: SystemClock, _ log: Log) throws -> Double {
        let start = ContinuousClock.now
        let file = unsafe open(path, O_RDONLY)
        guard file >= 0 else { throw FileProblem(path: path) }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        let report = try RegisterLoad(database: database, clock: clock, log: log).load(format: nil, by: "benchmark") {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw FileProblem(path: path) }
            return count == 0 ? nil : Array(buffer[..<count])
        }
        try database.transaction {
            _ = try RegisterSwitch.activate(report.generation, by: "benchmark", at: clock.now(), in: $0)
        }
        return start.duration(to: .now) / .seconds(1)
    }

    private struct FileProblem: Error, CustomStringConvertible {
        let path: String
        var description: String { "\(path) cannot be read" }
    }

    private static func items(_ path: String) throws -> [TypedItems] {
        let columns = ["full_name", "sex", "date_of_birth", "id_number", "nationality", "id_kind"]
        let schema = TabularSchema(columns: columns, required: ["full_name", "sex", "date_of_birth", "id_number"])
        var records: [TypedItems] = []
        try readTabularFile(path: path, schema: schema) { result in
            guard case .success(let row) = result else { return }
            records.append(
                TypedItems(
                    identity: TypedIdentity(fullName: row[0], sex: row[1], dateOfBirth: row[2], idNumber: row[3]),
                    nationality: row[4], idKind: row[5]))
        }
        return records
    }

    private static func json(_ report: VerifyBenchmark.Report, loading: Double) -> String {
        var json = JSONWriter()
        json.object { json in
            json.member("persons", report.persons)
            json.member("load_seconds", loading)
            json.member("records", report.records)
            json.member("right", report.right)
            json.member("bare_right", report.bareRight)
            json.member("verify_seconds", report.secondsToVerify)
            json.member("verify_records_per_second", Int(report.perSecond(report.secondsToVerify)))
            json.member("bare_seconds", report.secondsOfBareQuery)
            json.member("bare_records_per_second", Int(report.perSecond(report.secondsOfBareQuery)))
            json.member("look_up_seconds", report.secondsToLookUp)
            json.member("look_up_records_per_second", Int(report.perSecond(report.secondsToLookUp)))
            json.member("verify_to_bare", report.ratio)
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }
}
