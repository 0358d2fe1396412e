import CProtobufC
import ContractsC

private typealias CApplied = Tiemchung__Correction__V1__CorrectionApplied
private typealias CIdentityCorrection = Tiemchung__Correction__V1__IdentityCorrection
private typealias CDoseCorrection = Tiemchung__Correction__V1__DoseCorrection
private typealias CAttested = Tiemchung__Signing__V1__DoseAttested
private typealias CPassport = Tiemchung__Issuance__V1__PassportChanged

extension CorrectionApplied: WireMessage {
    public static var eventType: String { "tiemchung.correction.v1.CorrectionApplied" }

    public init(wire: [UInt8]) throws(WireError) {
        self = try unpacked(
            wire, as: CApplied.self, unpack: tiemchung__correction__v1__correction_applied__unpack,
            named: CorrectionApplied.eventType
        ) { (c: UnsafePointer<CApplied>, read: WireReader) throws(WireError) -> CorrectionApplied in
            let c = c.pointee
            let authority: CorrectionAuthority = try read.value(c.authority.rawValue, "authority")
            let correction: Correction
            switch c.correction_case {
            case TIEMCHUNG__CORRECTION__V1__CORRECTION_APPLIED__CORRECTION_IDENTITY:
                let item = try read.present(c.identity, "identity").pointee
                correction = .identity(try read.identity(try read.present(item.identity, "identity.identity")))
            case TIEMCHUNG__CORRECTION__V1__CORRECTION_APPLIED__CORRECTION_DOSE:
                let item = try read.present(c.dose, "dose").pointee
                correction = .dose(
                    DoseCorrection(
                        doseNumber: try read.text(item.dose_number, "dose.dose_number"),
                        vaccine: try read.text(item.vaccine, "dose.vaccine"),
                        lotNumber: try read.text(item.lot_number, "dose.lot_number"),
                        injectedOn: try read.text(item.injected_on, "dose.injected_on"),
                        doseKind: try read.text(item.dose_kind, "dose.dose_kind")))
            default:
                throw WireError(message: CorrectionApplied.eventType, field: "correction", rule: "is missing")
            }
            return CorrectionApplied(
                correctionID: try read.identifier(c.correction_id, "correction_id"),
                doseID: try read.identifier(c.dose_id, "dose_id"),
                subjectID: try read.identifier(c.subject_id, "subject_id"), doseVersion: c.dose_version,
                authority: authority, decidedByUnit: try read.text(c.decided_by_unit, "decided_by_unit"),
                decidedAt: Instant(microseconds: c.decided_at_us), correction: correction)
        }
    }

    public func wire() -> [UInt8] {
        let arena = Arena(capacity: 1024)
        var c = CApplied()
        tiemchung__correction__v1__correction_applied__init(&c)
        c.correction_id = arena.bytes(correctionID.bytes)
        c.dose_id = arena.bytes(doseID.bytes)
        c.subject_id = arena.bytes(subjectID.bytes)
        c.dose_version = doseVersion
        c.authority = .init(rawValue: .init(authority.rawValue))
        c.decided_by_unit = arena.string(decidedByUnit)
        c.decided_at_us = decidedAt.microseconds
        switch correction {
        case .identity(let identity):
            let item = arena.make(CIdentityCorrection.self)
            tiemchung__correction__v1__identity_correction__init(item)
            item.pointee.identity = arena.identity(identity)
            c.correction_case = TIEMCHUNG__CORRECTION__V1__CORRECTION_APPLIED__CORRECTION_IDENTITY
            c.identity = item
        case .dose(let dose):
            let item = arena.make(CDoseCorrection.self)
            tiemchung__correction__v1__dose_correction__init(item)
            item.pointee.dose_number = arena.string(dose.doseNumber)
            item.pointee.vaccine = arena.string(dose.vaccine)
            item.pointee.lot_number = arena.string(dose.lotNumber)
            item.pointee.injected_on = arena.string(dose.injectedOn)
            item.pointee.dose_kind = arena.string(dose.doseKind)
            c.correction_case = TIEMCHUNG__CORRECTION__V1__CORRECTION_APPLIED__CORRECTION_DOSE
            c.dose = item
        }
        return withExtendedLifetime(arena) { packed(&c) }
    }
}

extension DoseAttested: WireMessage {
    public static var eventType: String { "tiemchung.signing.v1.DoseAttested" }

    public init(wire: [UInt8]) throws(WireError) {
        self = try unpacked(
            wire, as: CAttested.self, unpack: tiemchung__signing__v1__dose_attested__unpack,
            named: DoseAttested.eventType
        ) { (c: UnsafePointer<CAttested>, read: WireReader) throws(WireError) -> DoseAttested in
            let c = c.pointee
            let status: AttestationStatus = try read.value(c.status.rawValue, "status")
            return DoseAttested(
                doseID: try read.identifier(c.dose_id, "dose_id"),
                subjectID: try read.identifier(c.subject_id, "subject_id"),
                facilityCode: try read.text(c.facility_code, "facility_code"),
                sourceRecordID: try read.text(c.source_record_id, "source_record_id"), doseVersion: c.dose_version,
                revision: c.revision, status: status, turnID: try read.identifier(c.turn_id, "turn_id"),
                position: c.position, contentSHA256: read.bytes(c.content_sha256),
                signerSerial: try read.text(c.signer_serial, "signer_serial"),
                signedAt: Instant(microseconds: c.signed_at_us))
        }
    }

    public func wire() -> [UInt8] {
        let arena = Arena(capacity: 512)
        var c = CAttested()
        tiemchung__signing__v1__dose_attested__init(&c)
        c.dose_id = arena.bytes(doseID.bytes)
        c.subject_id = arena.bytes(subjectID.bytes)
        c.facility_code = arena.string(facilityCode)
        c.source_record_id = arena.string(sourceRecordID)
        c.dose_version = doseVersion
        c.revision = revision
        c.status = .init(rawValue: .init(status.rawValue))
        c.turn_id = arena.bytes(turnID.bytes)
        c.position = position
        c.content_sha256 = arena.bytes(contentSHA256)
        c.signer_serial = arena.string(signerSerial)
        c.signed_at_us = signedAt.microseconds
        return withExtendedLifetime(arena) { packed(&c) }
    }
}

extension PassportChanged: WireMessage {
    public static var eventType: String { "tiemchung.issuance.v1.PassportChanged" }

    public init(wire: [UInt8]) throws(WireError) {
        self = try unpacked(
            wire, as: CPassport.self, unpack: tiemchung__issuance__v1__passport_changed__unpack,
            named: PassportChanged.eventType
        ) { (c: UnsafePointer<CPassport>, read: WireReader) throws(WireError) -> PassportChanged in
            let c = c.pointee
            let status: PassportStatus = try read.value(c.status.rawValue, "status")
            return PassportChanged(
                certificateID: try read.text(c.certificate_id, "certificate_id"),
                personKey: try read.identifier(c.person_key, "person_key"), status: status, revision: c.revision,
                doseID: try read.identifier(c.dose_id, "dose_id"), doseVersion: c.dose_version,
                facilityCode: try read.text(c.facility_code, "facility_code"),
                sourceRecordID: try read.text(c.source_record_id, "source_record_id"), hc1: try read.text(c.hc1, "hc1"),
                issuedAt: Instant(microseconds: c.issued_at_us), expiresAt: Instant(microseconds: c.expires_at_us),
                changedAt: Instant(microseconds: c.changed_at_us), reason: try read.text(c.reason, "reason"),
                supersededBy: try read.text(c.superseded_by, "superseded_by"))
        }
    }

    public func wire() -> [UInt8] {
        let arena = Arena()
        var c = CPassport()
        tiemchung__issuance__v1__passport_changed__init(&c)
        c.certificate_id = arena.string(certificateID)
        c.person_key = arena.bytes(personKey.bytes)
        c.status = .init(rawValue: .init(status.rawValue))
        c.revision = revision
        c.dose_id = arena.bytes(doseID.bytes)
        c.dose_version = doseVersion
        c.facility_code = arena.string(facilityCode)
        c.source_record_id = arena.string(sourceRecordID)
        c.hc1 = arena.string(hc1)
        c.issued_at_us = issuedAt.microseconds
        c.expires_at_us = expiresAt.microseconds
        c.changed_at_us = changedAt.microseconds
        c.reason = arena.string(reason)
        c.superseded_by = arena.string(supersededBy)
        return withExtendedLifetime(arena) { packed(&c) }
    }
}
