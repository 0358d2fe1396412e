import Observability
import RecordModel
import Storage
import Web

/// Registering organisation certificates for units (SIG-03).
struct CertificateRoutes: Sendable {
    let database: Database
    let registry: CertificateRegistry
    let clock: any WallClock
    let log: Log

    private static let schema = Schema(
        "SigningCertificate",
        properties: [
            .init("serial", "string", "upper-case hexadecimal"), .init("unit_code"), .init("not_before"),
            .init("not_after"), .init("registered_by"), .init("registered_at"), .init("withdrawn_at"),
        ])

    var all: [Route] {
        [
            Route(
                .post, "/v1/certificates", roles: [.mohIT], summary: "Register a certificate for a unit",
                request: Schema(
                    "CertificateRegistration",
                    properties: [
                        .init("unit_code"), .init("pem", "string", "the certificate, then its intermediates"),
                    ]), response: Self.schema, handler: register),
            Route(
                .get, "/v1/certificates", roles: [.mohIT, .operator, .facilityHead], scope: .unit,
                summary: "Registered certificates; a facility sees its own",
                response: "SigningCertificates",
                query: [.init("unit", "string", "one unit's; a facility gets its own whatever it says")],
                handler: list),
            Route(
                .delete, "/v1/certificates/{serial}", roles: [.mohIT],
                summary: "Withdraw a registration; what it signed before stays", response: "SigningCertificates",
                handler: withdraw),
        ]
    }

    private struct Body: Decodable, Sendable {
        var unitCode: String
        var pem: String
    }

    private func register(_ request: Request) async throws -> Response {
        let body = try await request.json(Body.self)
        guard !body.unitCode.isEmpty, body.unitCode.utf8.count <= 64 else {
            throw Problem.unprocessable([("unit_code", "1 to 64 characters")])
        }
        let now = clock.now()
        let subject = request.principal.subject
        let registry = registry
        do {
            let registration = try await database.asyncTransaction { tx in
                try registry.register(pem: body.pem, unitCode: body.unitCode, by: subject, at: now, in: tx)
            }
            return Response.json(status: registration.registeredAt == now ? 201 : 200) { json in
                Self.write(registration, into: &json)
            }
        } catch let refusal as RegistrationRefusal {
            throw Problem(refusal)
        }
    }

    private func list(_ request: Request) async throws -> Response {
        let principal = request.principal
        let unitCode = principal.role == .facilityHead ? principal.unit : request.query["unit"] ?? ""
        guard principal.role != .facilityHead || !unitCode.isEmpty else {
            throw Problem.forbidden("the token names no unit")
        }
        let registrations = try await database.asyncTransaction { tx in
            try tx.run(RegistrationsOfUnit(unitCode: unitCode))
        }
        return Self.answer(registrations)
    }

    private func withdraw(_ request: Request) async throws -> Response {
        let serial = request.parameter("serial").uppercased()
        let now = clock.now()
        let withdrawn = try await database.asyncTransaction { tx in
            try tx.run(WithdrawRegistrations(serial: serial, now: now))
        }
        guard !withdrawn.isEmpty else { throw Problem.notFound("no registration of this serial is in force") }
        log.info("certificate registration withdrawn", ["serial": .string(serial)])
        return Self.answer(withdrawn)
    }

    private static func answer(_ registrations: [Registration]) -> Response {
        Response.json { json in
            json.array("certificates") { json in
                for registration in registrations { json.object { json in write(registration, into: &json) } }
            }
        }
    }

    private static func write(_ registration: Registration, into json: inout JSONWriter) {
        json.member("serial", registration.serial)
        json.member("unit_code", registration.unitCode)
        json.member("not_before", registration.notBefore.rfc3339)
        json.member("not_after", registration.notAfter.rfc3339)
        json.member("registered_by", registration.registeredBy)
        json.member("registered_at", registration.registeredAt.rfc3339)
        json.member("withdrawn_at", registration.withdrawnAt?.rfc3339)
    }
}
