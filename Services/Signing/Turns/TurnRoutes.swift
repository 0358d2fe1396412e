import Observability
import RecordModel
import ServiceRuntime
import Storage
import Tabular
import Web

/// Preparing, reading and signing turns over HTTP. Every route answers for the token's unit alone (SIG-12).
struct TurnRoutes: Sendable {
    let database: Database
    let preparation: TurnPreparation
    let signing: TurnSigning
    let clock: any WallClock
    let log: Log
    /// Signing in bulk is an entry: it is held back while what it writes cannot flow off.
    let pressure: Pressure

    private static let readers: Set<Role> = [.facilityHead, .facilityStaff]

    /// A signature with its chain is a few kilobytes.
    private static let longestSignature = 256 * 1024

    private static let turnSchema = Schema(
        "Turn",
        properties: [
            .init("turn_id"), .init("unit_code"), .init("state", "string", "prepared, signed, failed or expired"),
            .init("persons", "integer"), .init("doses", "integer"), .init("prepared_at"), .init("expires_at"),
            .init("manifest_sha256"), .init("signer_serial"), .init("signed_by"), .init("signed_at"),
            .init("moved", "array"),
            .init("more", "boolean", "just prepared: whether signable doses were left for another turn"),
        ])

    var all: [Route] {
        [
            Route(
                .post, "/v1/turns", roles: Self.readers, scope: .unit,
                summary: "Prepare a turn of the own unit's signable doses",
                request: Schema(
                    "TurnRequest",
                    properties: [
                        .init("dose_ids", "array", "the ticked doses; absent: whatever can be signed"),
                        .init("from", "string", "first injection date"), .init("to", "string", "last injection date"),
                        .init("persons", "integer", "how many persons at most"),
                    ]), response: Self.turnSchema, handler: prepare),
            Route(
                .get, "/v1/turns", roles: Self.readers, scope: .unit, summary: "The own unit's turns, newest first",
                response: "Turns",
                query: [
                    .init("limit", "integer", "1 to 1,000, default 100"),
                    .init("before", "string", "RFC 3339: only turns prepared before it"),
                ], handler: list),
            Route(
                .get, "/v1/turns/{id}", roles: Self.readers, scope: .unit,
                summary: "A turn with a page of its doses in readable form",
                response: Self.turnSchema,
                query: [
                    .init("page", "integer", "from 1"), .init("persons", "integer", "persons on a page, default 100"),
                ],
                handler: preview),
            Route(
                .get, "/v1/turns/{id}/content", roles: Self.readers, scope: .unit,
                summary: "All doses of a turn with what the digests are computed from",
                response: .csv("TurnContent", columns: TurnPreview.contentColumns), handler: content),
            Route(
                .get, "/v1/turns/{id}/manifest", roles: Self.readers, scope: .unit,
                summary: "The bytes that are signed", response: .csv("Manifest"), handler: manifest),
            Route(
                .post, "/v1/turns/{id}/signature", roles: [.facilityHead], scope: .unit,
                summary: "Sign a turn: detached CMS (CAdES-B-B) over the manifest",
                request: Schema("Signature", contentTypes: ["application/pkcs7-signature"]),
                response: Self.turnSchema, maxBody: Self.longestSignature, handler: sign),
        ]
    }

    private struct Body: Decodable, Sendable {
        var doseIds: [String]?
        var from: String?
        var to: String?
        var persons: Int?
    }

    private func prepare(_ request: Request) async throws -> Response {
        try pressure.admit()
        let unitCode = try ownUnit(of: request)
        let body = try await request.json(Body.self)
        let wanted = TurnRequest(
            unitCode: unitCode, doseIDs: try body.doseIds.map(doseIDs), from: try date("from", body.from),
            to: try date("to", body.to), persons: try body.persons.map(persons),
            preparedBy: request.principal.subject)
        let now = clock.now()
        let preparation = preparation
        let prepared = try await answering {
            try await database.asyncTransaction { tx in try preparation.prepare(wanted, at: now, in: tx) }
        }
        return Response.json(status: 201) { json in
            Self.write(prepared.turn, at: now, into: &json)
            json.member("more", prepared.more)
        }
    }

    private func list(_ request: Request) async throws -> Response {
        let unitCode = try ownUnit(of: request)
        let limit = try request.integer("limit", in: 1...1_000, default: 100)
        let now = clock.now()
        let before = try instant("before", request.query["before"]) ?? now.adding(seconds: 1)
        let turns = try await database.asyncTransaction { tx in
            try tx.run(TurnsOfUnit(unitCode: unitCode, before: before, limit: limit))
        }
        return Response.json { json in
            json.array("turns") { json in
                for turn in turns { json.object { json in Self.write(turn, at: now, into: &json) } }
            }
        }
    }

    private func preview(_ request: Request) async throws -> Response {
        let turnID = try turnID(of: request)
        let unitCode = try ownUnit(of: request)
        let size = try request.integer("persons", in: 1...1_000, default: 100)
        let page = try request.integer("page", in: 1...10_000, default: 1)
        let (turn, rows) = try await database.asyncTransaction { tx -> (TurnRow, [PreviewRow]) in
            let (turn, manifest) = try Self.read(turnID, of: unitCode, in: tx)
            guard let manifest else { return (turn, []) }
            let first = UInt32((page - 1) * size + 1)
            return (turn, try TurnPreview.rows(of: manifest, persons: first...(first + UInt32(size) - 1), in: tx))
        }
        let now = clock.now()
        return Response.json { json in
            Self.write(turn, at: now, into: &json)
            json.member("page", page)
            json.member("pages", (turn.persons + size - 1) / size)
            TurnPreview.json(rows, into: &json)
        }
    }

    private func content(_ request: Request) async throws -> Response {
        let turnID = try turnID(of: request)
        let unitCode = try ownUnit(of: request)
        let bytes = try await database.asyncTransaction { tx -> [UInt8] in
            guard let manifest = try Self.read(turnID, of: unitCode, in: tx).1 else {
                throw Problem.turnNotOpen(.expired)
            }
            var writer = CSVWriter(columns: TurnPreview.contentColumns)
            for row in try TurnPreview.rows(of: manifest, persons: 1...UInt32.max, in: tx) {
                guard let record = row.record else { throw Problem.turnMoved([]) }
                writer.row(TurnPreview.contentFields(row, record))
            }
            return writer.take()
        }
        return .bytes(bytes, contentType: "text/csv; charset=utf-8")
    }

    private func manifest(_ request: Request) async throws -> Response {
        let turnID = try turnID(of: request)
        let unitCode = try ownUnit(of: request)
        let bytes = try await database.asyncTransaction { tx in
            let (turn, bytes) = try Self.stored(turnID, of: unitCode, in: tx)
            guard let bytes else { throw Problem.turnNotOpen(turn.state) }
            return bytes
        }
        return .bytes(bytes, contentType: "text/csv; charset=utf-8")
    }

    private func sign(_ request: Request) async throws -> Response {
        try pressure.admit()
        guard request.contentType == "application/pkcs7-signature" else {
            throw Problem.unsupportedMediaType(["application/pkcs7-signature"])
        }
        let signature = TurnSignature(
            turnID: try turnID(of: request), unitCode: try ownUnit(of: request), signedBy: request.principal.subject,
            der: try await request.bytes())
        let now = clock.now()
        let signing = signing
        let outcome = try await answering {
            try await database.asyncTransaction { tx in try signing.take(signature, at: now, in: tx) }
        }
        switch outcome {
        case .moved(let moved):
            signing.metrics.turnsFailed.add(1)
            log.info("turn failed: something had moved", ["moved": .int(moved.count)])
            throw Problem.turnMoved(moved)
        case .signed(let turn):
            if turn.signedAt == now {
                signing.metrics.turnsSigned.add(1)
                signing.metrics.attested.add(turn.doses)
                log.info("turn signed", ["persons": .int(turn.persons), "doses": .int(turn.doses)])
            }
            return Response.json { json in Self.write(turn, at: now, into: &json) }
        }
    }

    /// Runs a command and turns its refusals into answers.
    private func answering<R: Sendable>(_ command: () async throws -> R) async throws -> R {
        do {
            return try await command()
        } catch let refusal as TurnPreparationRefusal {
            throw Problem(refusal)
        } catch let refusal as SignatureRefusal {
            signing.metrics.signaturesRefused.add(1)
            throw Problem(refusal)
        }
    }
}

extension TurnRoutes {
    private static func stored(
        _ turnID: TurnID, of unitCode: String, in tx: Transaction
    ) throws -> (turn: TurnRow, manifest: [UInt8]?) {
        guard let found = try tx.run(TurnWithManifest(turnID: turnID)).first else { throw Problem.notFound() }
        try check(found.turn, isOf: unitCode)
        return found
    }

    private static func read(_ turnID: TurnID, of unitCode: String, in tx: Transaction) throws -> (TurnRow, Manifest?) {
        let (turn, bytes) = try stored(turnID, of: unitCode, in: tx)
        return (turn, try bytes.map { try Manifest(bytes: $0) })
    }

    private static func check(_ turn: TurnRow, isOf unitCode: String) throws {
        guard turn.unitCode == unitCode else { throw Problem(SignatureRefusal.foreignTurn) }
    }

    static func write(_ turn: TurnRow, at now: Instant, into json: inout JSONWriter) {
        json.member("turn_id", turn.turnID.description)
        json.member("unit_code", turn.unitCode)
        json.member("state", turn.state(at: now).rawValue)
        json.member("persons", turn.persons)
        json.member("doses", turn.doses)
        json.member("prepared_by", turn.preparedBy)
        json.member("prepared_at", turn.preparedAt.rfc3339)
        json.member("expires_at", turn.expiresAt.rfc3339)
        json.member("manifest_sha256", hexadecimalText(turn.manifestSHA256))
        json.member("signer_serial", turn.signerSerial)
        json.member("signed_by", turn.signedBy)
        json.member("signed_at", turn.signedAt?.rfc3339)
        if let moved = turn.moved { json.member("moved", json: Array(moved.utf8)) }
    }

    private func ownUnit(of request: Request) throws -> String {
        guard !request.principal.unit.isEmpty else { throw Problem.forbidden("the token names no unit") }
        return request.principal.unit
    }

    private func turnID(of request: Request) throws -> TurnID {
        guard let turnID = TurnID(request.parameter("id")) else { throw Problem.notFound() }
        return turnID
    }

    private func doseIDs(_ texts: [String]) throws -> [DoseID] {
        try texts.enumerated().map { index, text in
            guard let doseID = DoseID(text) else {
                throw Problem.unprocessable([("dose_ids[\(index)]", "a UUID")])
            }
            return doseID
        }
    }

    private func persons(_ number: Int) throws -> Int {
        guard number >= 1 else { throw Problem.unprocessable([("persons", "at least 1")]) }
        return number
    }

    private func date(_ name: String, _ text: String?) throws -> CalendarDate? {
        guard let text, !text.isEmpty else { return nil }
        guard let date = CalendarDate(iso: text) else { throw Problem.unprocessable([(name, "a date, YYYY-MM-DD")]) }
        return date
    }

    private func instant(_ name: String, _ text: String?) throws -> Instant? {
        guard let text, !text.isEmpty else { return nil }
        guard let instant = Instant(rfc3339: text) else {
            throw Problem.badRequest("not a time", fields: [(name, "RFC 3339")])
        }
        return instant
    }
}
