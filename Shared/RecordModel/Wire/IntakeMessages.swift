import CProtobufC
import ContractsC

private typealias CIdentity = Tiemchung__Intake__V1__Identity
private typealias CSubject = Tiemchung__Intake__V1__SubjectDetails
private typealias CDose = Tiemchung__Intake__V1__DoseDetails
private typealias CRecord = Tiemchung__Intake__V1__DoseRecorded
private typealias CSubmission = Tiemchung__Intake__V1__Submission
private typealias CUnit = Tiemchung__Intake__V1__UnitChanged

extension Arena {
    func identity(_ identity: TypedIdentity) -> UnsafeMutablePointer<Tiemchung__Intake__V1__Identity> {
        let c = make(CIdentity.self)
        tiemchung__intake__v1__identity__init(c)
        c.pointee.full_name = string(identity.fullName)
        c.pointee.sex = string(identity.sex)
        c.pointee.date_of_birth = string(identity.dateOfBirth)
        c.pointee.id_number = string(identity.idNumber)
        return c
    }

    fileprivate func subject(_ subject: SubjectDetails) -> UnsafeMutablePointer<CSubject> {
        let c = make(CSubject.self)
        tiemchung__intake__v1__subject_details__init(c)
        c.pointee.id_kind = string(subject.idKind)
        c.pointee.nationality = string(subject.nationality)
        c.pointee.surname = string(subject.surname)
        c.pointee.given_names = string(subject.givenNames)
        c.pointee.phone = string(subject.phone)
        c.pointee.residence_commune = string(subject.residenceCommune)
        return c
    }

    fileprivate func dose(_ dose: DoseDetails) -> UnsafeMutablePointer<CDose> {
        let c = make(CDose.self)
        tiemchung__intake__v1__dose_details__init(c)
        c.pointee.dose_number = dose.doseNumber
        c.pointee.dose_number_typed = string(dose.doseNumberTyped)
        c.pointee.vaccine = string(dose.vaccine)
        c.pointee.lot_number = string(dose.lotNumber)
        c.pointee.injected_on = string(dose.injectedOn)
        c.pointee.dose_kind = .init(rawValue: .init(dose.kind.rawValue))
        c.pointee.entered_by_unit = string(dose.enteredByUnit)
        c.pointee.entry_basis = .init(rawValue: .init(dose.entryBasis.rawValue))
        c.pointee.given_country = string(dose.givenCountry)
        return c
    }
}

extension WireReader {
    func identity(_ pointer: UnsafeMutablePointer<Tiemchung__Intake__V1__Identity>?) throws(WireError) -> TypedIdentity
    {
        guard let c = pointer?.pointee else { return TypedIdentity() }
        return TypedIdentity(
            fullName: try text(c.full_name, "identity.full_name"), sex: try text(c.sex, "identity.sex"),
            dateOfBirth: try text(c.date_of_birth, "identity.date_of_birth"),
            idNumber: try text(c.id_number, "identity.id_number"))
    }

    fileprivate func subject(_ pointer: UnsafeMutablePointer<CSubject>?) throws(WireError) -> SubjectDetails {
        guard let c = pointer?.pointee else { return SubjectDetails() }
        return SubjectDetails(
            idKind: try text(c.id_kind, "subject.id_kind"), nationality: try text(c.nationality, "subject.nationality"),
            surname: try text(c.surname, "subject.surname"),
            givenNames: try text(c.given_names, "subject.given_names"), phone: try text(c.phone, "subject.phone"),
            residenceCommune: try text(c.residence_commune, "subject.residence_commune"))
    }

    fileprivate func dose(_ c: CDose) throws(WireError) -> DoseDetails {
        let kind: DoseKind = try value(c.dose_kind.rawValue, "dose.dose_kind")
        let basis: EntryBasis = try value(c.entry_basis.rawValue, "dose.entry_basis")
        return DoseDetails(
            doseNumber: c.dose_number, doseNumberTyped: try text(c.dose_number_typed, "dose.dose_number_typed"),
            vaccine: try text(c.vaccine, "dose.vaccine"), lotNumber: try text(c.lot_number, "dose.lot_number"),
            injectedOn: try text(c.injected_on, "dose.injected_on"), kind: kind,
            enteredByUnit: try text(c.entered_by_unit, "dose.entered_by_unit"), entryBasis: basis,
            givenCountry: try text(c.given_country, "dose.given_country"))
    }
}

extension DoseRecord: WireMessage {
    public static var eventType: String { "tiemchung.intake.v1.DoseRecorded" }

    public init(wire: [UInt8]) throws(WireError) {
        self = try unpacked(
            wire, as: CRecord.self, unpack: tiemchung__intake__v1__dose_recorded__unpack,
            named: DoseRecord.eventType
        ) { (c: UnsafePointer<CRecord>, read: WireReader) throws(WireError) -> DoseRecord in
            let c = c.pointee
            let status: RecordStatus = try read.value(c.record_status.rawValue, "record_status")
            let authority: IdentityAuthority = try read.value(c.identity_authority.rawValue, "identity_authority")
            guard c.version > 0 else {
                throw WireError(message: DoseRecord.eventType, field: "version", rule: "is missing")
            }
            return DoseRecord(
                doseID: try read.identifier(c.dose_id, "dose_id"),
                subjectID: try read.identifier(c.subject_id, "subject_id"),
                facilityCode: try read.required(try read.text(c.facility_code, "facility_code"), "facility_code"),
                sourceRecordID: try read.required(
                    try read.text(c.source_record_id, "source_record_id"), "source_record_id"),
                version: c.version, enteredAt: Instant(microseconds: c.entered_at_us),
                recordedAt: Instant(microseconds: c.recorded_at_us), identity: try read.identity(c.identity),
                subject: try read.subject(c.subject), dose: try read.dose(try read.present(c.dose, "dose").pointee),
                status: status, identityAuthority: authority, identityConflict: c.identity_conflict != 0,
                salt: read.bytes(c.salt))
        }
    }

    public func wire() -> [UInt8] {
        let arena = Arena()
        var c = CRecord()
        tiemchung__intake__v1__dose_recorded__init(&c)
        c.dose_id = arena.bytes(doseID.bytes)
        c.subject_id = arena.bytes(subjectID.bytes)
        c.facility_code = arena.string(facilityCode)
        c.source_record_id = arena.string(sourceRecordID)
        c.version = version
        c.entered_at_us = enteredAt.microseconds
        c.recorded_at_us = recordedAt.microseconds
        c.identity = arena.identity(identity)
        c.subject = arena.subject(subject)
        c.dose = arena.dose(dose)
        c.record_status = .init(rawValue: .init(status.rawValue))
        c.identity_authority = .init(rawValue: .init(identityAuthority.rawValue))
        c.identity_conflict = identityConflict ? 1 : 0
        c.salt = arena.bytes(salt)
        return withExtendedLifetime(arena) { packed(&c) }
    }
}

extension Submission: WireMessage {
    public static var eventType: String { "tiemchung.intake.v1.Submission" }

    public init(wire: [UInt8]) throws(WireError) {
        self = try unpacked(
            wire, as: CSubmission.self, unpack: tiemchung__intake__v1__submission__unpack,
            named: Submission.eventType, textOnly: true
        ) { (c: UnsafePointer<CSubmission>, read: WireReader) throws(WireError) -> Submission in
            let c = c.pointee
            var row = Submission()
            row.facilityCode = try read.text(c.facility_code, "facility_code")
            row.sourceRecordID = try read.text(c.source_record_id, "source_record_id")
            row.enteredAt = try read.text(c.entered_at, "entered_at")
            row.subjectRef = try read.text(c.subject_ref, "subject_ref")
            row.identity = try read.identity(c.identity)
            row.subject = try read.subject(c.subject)
            row.doseNumber = try read.text(c.dose_number, "dose_number")
            row.vaccine = try read.text(c.vaccine, "vaccine")
            row.lotNumber = try read.text(c.lot_number, "lot_number")
            row.injectedOn = try read.text(c.injected_on, "injected_on")
            row.doseKind = try read.text(c.dose_kind, "dose_kind")
            row.enteredByUnit = try read.text(c.entered_by_unit, "entered_by_unit")
            row.entryBasis = try read.text(c.entry_basis, "entry_basis")
            row.givenCountry = try read.text(c.given_country, "given_country")
            row.recordStatus = try read.text(c.record_status, "record_status")
            return row
        }
    }

    public func wire() -> [UInt8] {
        let arena = Arena()
        var c = CSubmission()
        tiemchung__intake__v1__submission__init(&c)
        c.facility_code = arena.string(facilityCode)
        c.source_record_id = arena.string(sourceRecordID)
        c.entered_at = arena.string(enteredAt)
        c.subject_ref = arena.string(subjectRef)
        c.identity = arena.identity(identity)
        c.subject = arena.subject(subject)
        c.dose_number = arena.string(doseNumber)
        c.vaccine = arena.string(vaccine)
        c.lot_number = arena.string(lotNumber)
        c.injected_on = arena.string(injectedOn)
        c.dose_kind = arena.string(doseKind)
        c.entered_by_unit = arena.string(enteredByUnit)
        c.entry_basis = arena.string(entryBasis)
        c.given_country = arena.string(givenCountry)
        c.record_status = arena.string(recordStatus)
        return withExtendedLifetime(arena) { packed(&c) }
    }
}

extension UnitRecord: WireMessage {
    public static var eventType: String { "tiemchung.intake.v1.UnitChanged" }

    public init(wire: [UInt8]) throws(WireError) {
        self = try unpacked(
            wire, as: CUnit.self, unpack: tiemchung__intake__v1__unit_changed__unpack,
            named: UnitRecord.eventType
        ) { (c: UnsafePointer<CUnit>, read: WireReader) throws(WireError) -> UnitRecord in
            let c = c.pointee
            guard let kind = UnitKind(rawValue: try read.text(c.kind, "kind")) else {
                throw WireError(message: UnitRecord.eventType, field: "kind", rule: "is no kind of unit")
            }
            return UnitRecord(
                code: try read.required(try read.text(c.unit_code, "unit_code"), "unit_code"),
                name: try read.text(c.name, "name"), kind: kind,
                parentCode: try read.text(c.parent_code, "parent_code"),
                provinceCode: try read.text(c.province_code, "province_code"),
                districtCode: try read.text(c.district_code, "district_code"),
                communeCode: try read.text(c.commune_code, "commune_code"),
                headName: try read.text(c.head_name, "head_name"), revision: c.revision)
        }
    }

    public func wire() -> [UInt8] {
        let arena = Arena()
        var c = CUnit()
        tiemchung__intake__v1__unit_changed__init(&c)
        c.unit_code = arena.string(code)
        c.name = arena.string(name)
        c.kind = arena.string(kind.rawValue)
        c.parent_code = arena.string(parentCode)
        c.province_code = arena.string(provinceCode)
        c.district_code = arena.string(districtCode)
        c.commune_code = arena.string(communeCode)
        c.head_name = arena.string(headName)
        c.revision = revision
        return withExtendedLifetime(arena) { packed(&c) }
    }
}
