import Foundation
import RecordModel
import Tabular
import Web

/// The commands of the agent.
struct AgentCommands: Sendable {
    let clock: any WallClock
    /// Takes one line for people.
    let say: @Sendable (String) -> Void

    /// Signs one facility's turn, or all of them.
    func sign(_ arguments: AgentArguments) async throws -> RunSummary {
        let signer = try KeyFileSigner(
            keyPath: arguments.required("key"), certificatePath: arguments.required("certificate"), pin: arguments.pin()
        )
        let session = TurnSession(
            client: ServiceClient(service: try arguments.required("service"), connections: 1), signer: signer,
            token: try arguments.token(), unitCode: try arguments.required("unit"), wish: try wish(arguments),
            clock: clock)
        return try await session.run(all: arguments.has("all")) { turn in
            say("Đã ký duyệt thành công / signed: \(turn.persons) đối tượng/persons, \(turn.doses) mũi/doses")
        }
    }

    /// Signs whatever is signable at the facilities whose keys are in a directory, several at a time.
    func signAll(_ arguments: AgentArguments) async throws -> RunSummary {
        let directory = KeyDirectory(path: try arguments.required("directory"))
        let parallel = try arguments.integer("parallel", default: 4, in: 1...64)
        let client = ServiceClient(service: try arguments.required("service"), connections: parallel)
        let tokens = try TokenSource(arguments, directory: directory, clock: clock)
        let wish = try wish(arguments)
        let facilities = try await facilities(arguments, client: client, tokens: tokens, directory: directory)
        let clock = clock
        let say = say
        return try await withThrowingTaskGroup(of: RunSummary.self) { group in
            var summary = RunSummary()
            var waiting = facilities.makeIterator()
            func start() {
                guard let unitCode = waiting.next() else { return }
                group.addTask {
                    do {
                        let signer = try KeyFileSigner(
                            keyPath: directory.keyPath(of: unitCode),
                            certificatePath: directory.certificatePath(of: unitCode), pin: nil)
                        let session = TurnSession(
                            client: client, signer: signer, token: try tokens.token(of: unitCode), unitCode: unitCode,
                            wish: wish, clock: clock)
                        return try await session.run(all: true) { _ in }
                    } catch let error where !(error is ServiceUnreachable) {
                        // One facility's trouble keeps no other from signing.
                        say("\(unitCode): \(error)")
                        return RunSummary(refused: 1)
                    }
                }
            }
            for _ in 0..<parallel { start() }
            while let done = try await group.next() {
                summary.add(done)
                start()
            }
            return summary
        }
    }

    /// Facilities with something to sign and a key in the directory; without an overview token, all that have a key.
    private func facilities(
        _ arguments: AgentArguments, client: ServiceClient, tokens: TokenSource, directory: KeyDirectory
    ) async throws -> [String] {
        if let units = arguments.optional("units") { return units.split(separator: ",").map(String.init) }
        return try await client.signable(token: tokens.overview()).map(\.facilityCode).filter(directory.holdsKey)
    }

    /// Makes a TEST authority and a key and certificate for each unit, and registers them where a service is named.
    /// Returns how many units there are and how many keys are new.
    func demoAuthority(_ arguments: AgentArguments) async throws -> (units: Int, made: Int) {
        let directory = KeyDirectory(path: try arguments.required("directory"))
        let units = try units(arguments)
        let now = clock.now()
        let authority = try directory.authority(at: now)
        var made = 0
        for unit in units where try directory.issue(unit, by: authority, at: now) { made += 1 }
        if let service = arguments.optional("service") {
            let parallel = 4
            let client = ServiceClient(service: service, connections: parallel)
            let tokens = try TokenSource(arguments, directory: directory, clock: clock)
            let token = try tokens.registrar()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, unit) in units.enumerated() {
                    if index >= parallel { try await group.next() }
                    group.addTask {
                        try await client.register(
                            unitCode: unit, pem: directory.certificateText(of: unit), token: token)
                    }
                }
                try await group.waitForAll()
            }
        }
        return (units.count, made)
    }

    /// Unit codes: a list (`a,b`), or a units.csv, of which those that give doses are taken.
    private func units(_ arguments: AgentArguments) throws -> [String] {
        let given = try arguments.required("units")
        guard given.hasSuffix(".csv") || given.hasSuffix(".ndjson") else {
            return given.split(separator: ",").map(String.init)
        }
        let vaccinating: Set<String> = ["commune-station", "hospital", "service", "mobile", ""]
        var codes: [String] = []
        try readTabularFile(
            path: given, format: nil, schema: TabularSchema(columns: ["unit_code", "kind"], required: ["unit_code"])
        ) { row in
            let row = try row.get()
            if vaccinating.contains(row[1]) { codes.append(row[0]) }
        }
        return codes
    }

    private func wish(_ arguments: AgentArguments) throws -> ServiceClient.TurnWish {
        ServiceClient.TurnWish(
            from: arguments.optional("from"), to: arguments.optional("to"),
            persons: try arguments.optional("persons").map { _ in
                try arguments.integer("persons", default: 1_000, in: 1...1_000)
            })
    }
}

/// Where the bearer tokens of many facilities come from: files beside their keys, or the development issuer.
struct TokenSource: Sendable {
    private let directory: KeyDirectory
    private let given: String?
    private let issuer: DevelopmentIssuer?
    private let clock: any WallClock

    init(_ arguments: AgentArguments, directory: KeyDirectory, clock: any WallClock) throws {
        self.directory = directory
        self.clock = clock
        given = arguments.optional("token-file") == nil ? arguments.optional("token") : try arguments.token()
        issuer = try arguments.optional("issuer").map {
            try DevelopmentIssuer(directory: $0, developmentMode: arguments.isDevelopment)
        }
    }

    /// A facility's head's token.
    func token(of unitCode: String) throws -> String {
        if let issuer {
            return try issuer.issue(
                role: .facilityHead, unit: unitCode, subject: "demo-head", lifetime: 3_600, now: seconds)
        }
        return try AgentArguments.line(of: directory.tokenPath(of: unitCode))
    }

    /// A token that sees what is signable everywhere.
    func overview() throws -> String { try given ?? issued(.operator) }

    /// A token that may register certificates.
    func registrar() throws -> String { try given ?? issued(.mohIT) }

    private var seconds: Int64 { clock.now().microseconds / 1_000_000 }

    private func issued(_ role: Role) throws -> String {
        guard let issuer else { throw UsageError(description: "--token, --token-file or --issuer is missing") }
        return try issuer.issue(role: role, unit: "", subject: "signing-agent", lifetime: 3_600, now: seconds)
    }
}
