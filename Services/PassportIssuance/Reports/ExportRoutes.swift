import Cryptography
import Observability
import RecordModel
import Storage
import Web

/// What verifiers and operators read: passports, trust and revocations (`formats.md`).
struct ExportRoutes: Sendable {
    let database: Database
    let clock: any WallClock

    var all: [Route] {
        [
            Route(
                .get, "/v1/exports/passports", roles: [.operator, .preventiveMedicine, .mohIT],
                summary: "Every passport, sorted by certificate identifier",
                response: .ndjson(
                    "Passports",
                    columns: [
                        "certificate_id", "facility_code", "source_record_id", "hc1", "issued_at", "expires_at",
                        "status",
                    ]), handler: passports),
            Route(
                .get, "/v1/exports/trust", roles: .everyone,
                summary: "Authorities and signer certificates: an object of PEM by key identifier, hexadecimal",
                response: "Trust", handler: trust),
            Route(
                .get, "/v1/exports/revocations", roles: .everyone,
                summary: "Revoked passports as batches of hashes, by key and hash", response: "Revocations",
                handler: revocations),
            Route(
                .get, "/v1/counts", roles: Set.health.union([.operator]), summary: "How many passports stand how",
                response: "Counts", handler: counts),
        ]
    }

    private func passports(_ request: Request) async throws -> Response {
        let now = clock.now()
        let database = database
        return Response.stream("application/x-ndjson") { body in
            try await database.stream(
                "SELECT \(StoredPassport.columns) FROM passport ORDER BY certificate", chunk: 1000,
                row: { row in ExportRoutes.line(StoredPassport(row), at: now) },
                consume: { (lines: [[UInt8]]) in try await body.write(Array(lines.joined())) })
        }
    }

    /// One passport as a line of the export.
    static func line(_ passport: StoredPassport, at now: Instant) -> [UInt8] {
        var json = JSONWriter(capacity: 1024)
        json.object { json in
            json.member("certificate_id", passport.certificate.uvci)
            json.member("facility_code", passport.facilityCode)
            json.member("source_record_id", passport.sourceRecordID)
            json.member("hc1", passport.hc1)
            json.member("issued_at", passport.issuedAt.rfc3339)
            json.member("expires_at", passport.expiresAt.rfc3339)
            let hasExpired = passport.status == .valid && passport.expiresAt <= now
            json.member("status", hasExpired ? "expired" : passport.status.label)
        }
        return json.bytes + [0x0a]
    }

    private func trust(_ request: Request) async throws -> Response {
        let rows = try await database.asyncTransaction { tx in
            try tx.query("SELECT kid, pem FROM trust ORDER BY kid") { ($0.bytes(0), $0.text(1)) }
        }
        return Response.json { json in
            for (kid, pem) in rows { json.member(hexadecimal(kid), pem) }
        }
    }

    private func revocations(_ request: Request) async throws -> Response {
        let revoked = try await database.asyncTransaction { tx in try tx.run(RevokedPassports()) }
        let lines = RevocationExport.batches(of: revoked).map(\.json)
        return Response.bytes(
            Array(("[" + lines.joined(separator: ",\n") + "]\n").utf8), contentType: "application/json")
    }

    private func counts(_ request: Request) async throws -> Response {
        let counts = try await database.asyncTransaction { tx in try IssuanceCounts.read(in: tx) }
        return Response.json { json in
            for (name, count) in counts { json.member(name, count) }
        }
    }
}

/// A revoked passport, as far as its revocation needs it.
struct RevokedPassports: Statement {
    struct Row: Sendable {
        var certificate: CertificateNumber
        var kid: [UInt8]
        var expiresAt: Instant
    }

    static let sql = "SELECT certificate, kid, expires_at FROM passport WHERE status = 3"
    var parameters: [SQLValue] { [] }
    static func row(_ row: ResultRow) -> Row {
        Row(certificate: row.uuid(0), kid: row.bytes(1), expiresAt: row.instant(2))
    }
}

/// The revocation list: by the certificate identifier's hash, a thousand a batch, sorted, so that two exports of the
/// same state are byte for byte equal.
enum RevocationExport {
    static func batches(of revoked: [RevokedPassports.Row]) -> [RevocationBatch] {
        let byKey = Dictionary(grouping: revoked, by: { hexadecimal($0.kid) })
        return byKey.sorted { $0.key < $1.key }.flatMap { _, rows in
            let hashed = rows.map { (hash: RevocationHash.value(uci: $0.certificate.uvci), row: $0) }
                .sorted { $0.hash.lexicographicallyPrecedes($1.hash) }
            return stride(from: 0, to: hashed.count, by: RevocationBatch.mostEntries).map { start in
                let part = hashed[start..<min(start + RevocationBatch.mostEntries, hashed.count)]
                let expires = part.map(\.row.expiresAt).max() ?? Instant(microseconds: 0)
                return RevocationBatch(
                    country: "VN", expires: expires.rfc3339, keyIdentifier: part.first?.row.kid, kind: .uci,
                    hashes: part.map(\.hash))
            }
        }
    }
}

/// Counts for people and for the status page; sums over runs' lanes, so that they cost nothing with a country's passports.
enum IssuanceCounts {
    static func read(in tx: Transaction) throws -> [(String, Int64)] {
        let sums = try tx.query(
            """
            SELECT coalesce(sum(issued), 0)::int8, coalesce(sum(superseded), 0)::int8, coalesce(sum(revoked), 0)::int8,
                coalesce(sum(revoked_valid), 0)::int8 FROM run_lane
            """
        ) { row in (row.int8(0), row.int8(1), row.int8(2), row.int8(3)) }
        let (issued, superseded, revoked, revokedValid) = sums.first ?? (0, 0, 0, 0)
        return [
            ("passports", issued - superseded - revokedValid), ("superseded", superseded - (revoked - revokedValid)),
            ("revoked", revoked), ("persons_waiting", try RunRoutes.waiting(in: tx)),
        ]
    }
}
