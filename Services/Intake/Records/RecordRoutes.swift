import Observability
import RecordModel
import Storage
import Web

/// Records and subjects with their versions, for those who may see them.
struct RecordRoutes: Sendable {
    let database: Database
    let identifiers: RecordIdentifiers
    let units: UnitList
    let log: Log

    /// The facility that gave the dose, the station and the police of the commune where the person lives.
    static let readers: Set<Role> = [.facilityStaff, .facilityHead, .communeStation, .communePolice]

    var routes: [Route] {
        [
            Route(
                .get, "/v1/records/{facility}/{record}", roles: Self.readers, scope: .territory,
                summary: "A dose record as it stands, with its history.", response: "Record", handler: record),
            Route(
                .get, "/v1/subjects/{id}", roles: Self.readers, scope: .territory,
                summary: "All records of a subject as they stand.", response: "Subject", handler: subject),
        ]
    }

    private struct Version: Sendable {
        var record: DoseRecord
        var isLate: Bool
    }

    private func record(_ request: Request) async throws -> Response {
        let facility = request.parameter("facility")
        let id = identifiers.doseID(
            facility: facility, facilityHash: RecordIdentifiers.facilityHash(facility),
            record: request.parameter("record"))
        let (directory, versions) = try await database.asyncTransaction { transaction in
            let standing = try transaction.query("SELECT record FROM dose_record WHERE dose_id = $1", [.uuid(id)]) {
                Version(record: try RecordTable.read($0.bytes(0)), isLate: false)
            }
            let history = try transaction.query(
                "SELECT record, is_late FROM dose_history WHERE dose_id = $1 ORDER BY history_id DESC", [.uuid(id)]
            ) { Version(record: try RecordTable.read($0.bytes(0)), isLate: $0.bool(1)) }
            return (try units.current(in: transaction), standing + history)
        }
        guard let standing = versions.first, mayRead(request.principal, standing.record, directory) else {
            throw Problem.notFound("no such record within your unit's reach")
        }
        logRead(request, rows: 1)
        return .json { json in
            standing.record.write(to: &json)
            json.array("history") { json in
                for version in versions.dropFirst() {
                    json.object {
                        $0.member("late", version.isLate)
                        version.record.write(to: &$0)
                    }
                }
            }
        }
    }

    private func subject(_ request: Request) async throws -> Response {
        guard let id = SubjectID(request.parameter("id")) else {
            throw Problem.notFound("no such subject within your unit's reach")
        }
        let (directory, all) = try await database.asyncTransaction { transaction in
            let records = try transaction.query(
                "SELECT record FROM dose_record WHERE subject_id = $1 ORDER BY dose_id", [.uuid(id)]
            ) { try RecordTable.read($0.bytes(0)) }
            return (try units.current(in: transaction), records)
        }
        let records = all.filter { mayRead(request.principal, $0, directory) }
        if records.isEmpty { throw Problem.notFound("no such subject within your unit's reach") }
        logRead(request, rows: records.count)
        return .json { json in
            json.member("subject_id", id.description)
            json.array("records") { json in
                for record in records { json.object { record.write(to: &$0) } }
            }
        }
    }

    private func mayRead(_ principal: Principal, _ record: DoseRecord, _ directory: UnitDirectory) -> Bool {
        if principal.unit.isEmpty { return false }
        if principal.role != .communePolice, record.facilityCode == principal.unit { return true }
        guard principal.role == .communePolice || principal.role == .communeStation,
            let commune = directory[principal.unit]?.communeCode, !commune.isEmpty
        else { return false }
        return record.subject.residenceCommune == commune
    }

    /// Every look at personal data is logged: who and how much, never whom.
    private func logRead(_ request: Request, rows: Int) {
        log.info(
            "records read",
            [
                "subject": .string(request.principal.subject), "role": .string(request.principal.role.rawValue),
                "unit": .string(request.principal.unit), "route": .string(request.route), "rows": .int(rows),
            ])
    }
}

extension RecordTable {
    static func read(_ bytes: [UInt8]) throws -> DoseRecord {
        do throws(WireError) {
            return try DoseRecord(wire: bytes)
        } catch {
            throw IntakeError.unreadableRecord(error.description)
        }
    }
}

extension DoseRecord {
    func write(to json: inout JSONWriter) {
        json.member("dose_id", doseID.description)
        json.member("subject_id", subjectID.description)
        json.member("facility_code", facilityCode)
        json.member("source_record_id", sourceRecordID)
        json.member("version", version)
        json.member("entered_at", enteredAt.rfc3339)
        json.member("recorded_at", recordedAt.rfc3339)
        json.member("record_status", status.label)
        json.member("identity_authority", identityAuthority == .police ? "police" : "facility")
        json.member("identity_conflict", identityConflict)
        json.member("full_name", identity.fullName)
        json.member("sex", identity.sex)
        json.member("date_of_birth", identity.dateOfBirth)
        json.member("id_number", identity.idNumber)
        json.member("id_kind", subject.idKind)
        json.member("nationality", subject.nationality)
        json.member("surname", subject.surname)
        json.member("given_names", subject.givenNames)
        json.member("phone", subject.phone)
        json.member("residence_commune", subject.residenceCommune)
        json.member("dose_number", dose.doseNumberTyped)
        json.member("vaccine", dose.vaccine)
        json.member("lot_number", dose.lotNumber)
        json.member("injected_on", dose.injectedOn)
        json.member("dose_kind", dose.kind.label)
        json.member("entered_by_unit", dose.enteredByUnit)
        json.member("entry_basis", dose.entryBasis.label)
        json.member("given_country", dose.givenCountry)
    }
}
