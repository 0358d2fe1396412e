import Cryptography
import Foundation
import Messaging
import Observability
import RecordModel
import ServiceRuntime
import Storage
import TestSupport
import Web

@testable import Signing

/// A turn that was to be signed has moved.
struct TurnMoved: Error {}

/// Signing on a database of the test's own, with a TEST authority and a facility's key.
final class SigningBench {
    let database: Database
    let clock = ManualClock(Fixture.noon)
    let metrics = SigningMetrics(MetricsRegistry())
    let authority: CertificateAuthority
    let trust: TrustAnchors
    var limits = SigningLimits()

    private init(_ database: Database) throws {
        self.database = database
        let seconds = Fixture.noon.microseconds / 1_000_000
        authority = try CertificateAuthority.root(
            DistinguishedName(commonName: "TEST CA"), key: SigningKey.generateP256(), notBefore: seconds - 1_000,
            notAfter: seconds + 100_000_000)
        let path = NSTemporaryDirectory() + "tiemchung-trust-\(UInt64.random(in: 0...UInt64.max)).pem"
        try authority.certificate.pem.write(toFile: path, atomically: true, encoding: .utf8)
        trust = TrustAnchors(path: path)
    }

    deinit { try? FileManager.default.removeItem(atPath: trust.path) }

    static func run(_ body: (SigningBench) async throws -> Void) async throws {
        let migrations = InfrastructureMigrations.all + Signing.definition.migrations
        try await TestPostgres.shared().withDatabase(migrations: migrations) { database in
            try await body(try SigningBench(database))
        }
    }

    var handler: FactHandler { FactHandler(limits: limits, clock: clock, metrics: metrics) }

    /// Takes messages as one batch in one transaction; returns the number of rejections.
    @discardableResult
    func take(_ messages: [any TopicMessage]) throws -> Int {
        let batch = messages.map { InboundMessage($0.event(source: "test", at: Fixture.noon)) }
        let handler = handler
        return try database.transaction { tx in try handler.handle(batch, in: tx).count }
    }

    /// Takes what makes doses signable: record, verdict and person each.
    func takeSignable(_ numbers: some Sequence<Int>, facility: String = "79001", person: (Int) -> Int = { $0 }) throws {
        var messages: [any TopicMessage] = []
        for number in numbers {
            messages.append(Fixture.record(number, facility: facility))
            messages.append(Fixture.verdict(number, facility: facility))
            messages.append(Fixture.link(number, person: person(number)))
        }
        try take(messages)
    }

    func prepare(
        unit: String = "79001", doses: [DoseID]? = nil, persons: Int? = nil, from: String? = nil, to: String? = nil
    ) throws -> TurnRow {
        let request = TurnRequest(
            unitCode: unit, doseIDs: doses, from: from.flatMap(CalendarDate.init(iso:)),
            to: to.flatMap(CalendarDate.init(iso:)), persons: persons, preparedBy: "staff")
        let preparation = TurnPreparation(limits: limits)
        return try database.transaction { tx in try preparation.prepare(request, at: clock.now(), in: tx).turn }
    }

    /// A facility's key, its certificate registered for the unit unless told otherwise.
    func key(unit: String = "79001", registered: Bool = true) throws -> (key: SigningKey, certificate: Certificate) {
        let key = try SigningKey.generateP256()
        let seconds = Fixture.noon.microseconds / 1_000_000
        let certificate = try authority.issueOrganisation(
            DistinguishedName(commonName: "TEST \(unit)"), publicKey: key.publicKey, notBefore: seconds - 100,
            notAfter: seconds + 1_000_000)
        if registered {
            let registry = CertificateRegistry(trust: trust)
            try database.transaction { tx in
                _ = try registry.register(
                    pem: certificate.pem, unitCode: unit, by: "moh", at: clock.now(), in: tx)
            }
        }
        return (key, certificate)
    }

    func manifest(of turn: TurnRow) throws -> [UInt8] {
        try database.transaction { tx in try tx.run(TurnWithManifest(turnID: turn.turnID)).first?.manifest } ?? []
    }

    func signature(
        _ turn: TurnRow, by signer: (key: SigningKey, certificate: Certificate), over bytes: [UInt8]? = nil
    ) throws -> [UInt8] {
        try CMS.sign(
            try bytes ?? manifest(of: turn), key: signer.key, certificate: signer.certificate,
            chain: [authority.certificate], signingTime: clock.now().microseconds / 1_000_000)
    }

    func send(_ der: [UInt8], for turn: TurnRow, unit: String = "79001") throws -> SignatureOutcome {
        let signing = TurnSigning(trust: trust, limits: limits, metrics: metrics)
        let signature = TurnSignature(turnID: turn.turnID, unitCode: unit, signedBy: "head", der: der)
        return try database.transaction { tx in try signing.take(signature, at: clock.now(), in: tx) }
    }

    /// Prepares and signs a turn of what is signable.
    @discardableResult
    func signEverything(by signer: (key: SigningKey, certificate: Certificate)) throws -> TurnRow {
        let turn = try prepare()
        guard case .signed(let signed) = try send(signature(turn, by: signer), for: turn) else {
            throw TurnMoved()
        }
        return signed
    }

    /// Every route of the service, as it composes them.
    func routes(trust: TrustAnchors? = nil, pressure: Pressure = Pressure()) -> [Route] {
        let log = Log(service: "test", level: .error)
        let trust = trust ?? self.trust
        let turns = TurnRoutes(
            database: database, preparation: TurnPreparation(limits: limits),
            signing: TurnSigning(trust: trust, limits: limits, metrics: metrics), clock: clock, log: log,
            pressure: pressure)
        let certificates = CertificateRoutes(
            database: database, registry: CertificateRegistry(trust: trust), clock: clock, log: log)
        let why = WhyRoute(database: database, limits: limits, clock: clock)
        let reports = ReportRoutes(database: database, trust: trust, limits: limits)
        return turns.all + certificates.all + reports.all + [why.route]
    }

    // MARK: What is there

    var emitted: Int {
        get throws {
            try database.transaction { tx in
                try tx.query("SELECT coalesce(sum(event_count), 0)::int8 FROM outbox") { $0.int(0) }[0]
            }
        }
    }

    func attestation(_ number: Int) throws -> Attestation? {
        try database.transaction { tx in
            try tx.run(AttestationsOfDoses(doseIDs: [Fixture.doseID(number)])).first?.attestation
        }
    }

    /// Whether a turn would take the dose.
    func isReady(_ number: Int) throws -> Bool {
        try database.transaction { tx in
            try tx.query(
                "SELECT 1 FROM \(ReadyDose.signable(numbers: "$2", "$3")) WHERE r.dose_id = $1",
                [
                    .uuid(Fixture.doseID(number)), .int4(limits.doseNumbers.lowerBound),
                    .int4(limits.doseNumbers.upperBound),
                ]
            ) { $0.int(0) }
        }.count == 1
    }

    func stored(_ number: Int) throws -> StoredDose? {
        try database.transaction { tx in try tx.run(StoredDoses(doseIDs: [Fixture.doseID(number)])).first }
    }

    var counts: [String: Int64] {
        get throws {
            Dictionary(uniqueKeysWithValues: try database.transaction { tx in try ReportRoutes.counts(limits, in: tx) })
        }
    }
}
