import CProtobufC
import ContractsC

private typealias CVerdict = Tiemchung__Matching__V1__Verdict
private typealias CPerson = Tiemchung__Matching__V1__PersonLinked
private typealias CFinding = Tiemchung__Matching__V1__Finding
private typealias CDifference = Tiemchung__Matching__V1__Difference
private typealias CCandidate = Tiemchung__Matching__V1__Candidate

extension Verdict: WireMessage {
    public static var eventType: String { "tiemchung.matching.v1.Verdict" }

    public init(wire: [UInt8]) throws(WireError) {
        self = try unpacked(
            wire, as: CVerdict.self, unpack: tiemchung__matching__v1__verdict__unpack, named: Verdict.eventType
        ) { (c: UnsafePointer<CVerdict>, read: WireReader) throws(WireError) -> Verdict in
            let c = c.pointee
            let outcome: Outcome = try read.value(c.outcome.rawValue, "outcome")
            let group: InvalidGroup = try read.value(c.group.rawValue, "group")
            var hints: [String] = []
            for index in 0..<c.n_hints { hints.append(try read.text(c.hints[index], "hints")) }
            return Verdict(
                doseID: try read.identifier(c.dose_id, "dose_id"),
                subjectID: try read.identifier(c.subject_id, "subject_id"),
                facilityCode: try read.text(c.facility_code, "facility_code"),
                sourceRecordID: try read.text(c.source_record_id, "source_record_id"), doseVersion: c.dose_version,
                assessment: c.assessment, outcome: outcome, group: group,
                ruleVersion: try read.text(c.rule_version, "rule_version"),
                decidedAt: Instant(microseconds: c.decided_at_us), hints: hints)
        }
    }

    public func wire() -> [UInt8] {
        let arena = Arena(capacity: 512)
        var c = CVerdict()
        tiemchung__matching__v1__verdict__init(&c)
        c.dose_id = arena.bytes(doseID.bytes)
        c.subject_id = arena.bytes(subjectID.bytes)
        c.facility_code = arena.string(facilityCode)
        c.source_record_id = arena.string(sourceRecordID)
        c.dose_version = doseVersion
        c.assessment = assessment
        c.outcome = .init(rawValue: .init(outcome.rawValue))
        c.group = .init(rawValue: .init(group.rawValue))
        c.rule_version = arena.string(ruleVersion)
        c.decided_at_us = decidedAt.microseconds
        c.n_hints = hints.count
        c.hints = arena.pointers(hints.map { arena.string($0) })
        return withExtendedLifetime(arena) { packed(&c) }
    }
}

extension PersonLinked: WireMessage {
    public static var eventType: String { "tiemchung.matching.v1.PersonLinked" }

    public init(wire: [UInt8]) throws(WireError) {
        self = try unpacked(
            wire, as: CPerson.self, unpack: tiemchung__matching__v1__person_linked__unpack,
            named: PersonLinked.eventType
        ) { (c: UnsafePointer<CPerson>, read: WireReader) throws(WireError) -> PersonLinked in
            let c = c.pointee
            let key: PersonKey? = c.person_key.len == 0 ? nil : try read.identifier(c.person_key, "person_key")
            return PersonLinked(
                doseID: try read.identifier(c.dose_id, "dose_id"),
                subjectID: try read.identifier(c.subject_id, "subject_id"), doseVersion: c.dose_version,
                assessment: c.assessment, personKey: key)
        }
    }

    public func wire() -> [UInt8] {
        let arena = Arena(capacity: 256)
        var c = CPerson()
        tiemchung__matching__v1__person_linked__init(&c)
        c.dose_id = arena.bytes(doseID.bytes)
        c.subject_id = arena.bytes(subjectID.bytes)
        c.dose_version = doseVersion
        c.assessment = assessment
        if let personKey { c.person_key = arena.bytes(personKey.bytes) }
        return withExtendedLifetime(arena) { packed(&c) }
    }
}

extension Finding: WireMessage {
    public static var eventType: String { "tiemchung.matching.v1.Finding" }

    public init(wire: [UInt8]) throws(WireError) {
        self = try unpacked(
            wire, as: CFinding.self, unpack: tiemchung__matching__v1__finding__unpack, named: Finding.eventType
        ) { (c: UnsafePointer<CFinding>, read: WireReader) throws(WireError) -> Finding in
            let c = c.pointee
            let strength: Strength = try read.value(c.strength.rawValue, "strength")
            var differences: [Difference] = []
            for index in 0..<c.n_differences {
                let item = try read.present(c.differences[index], "differences").pointee
                differences.append(
                    Difference(
                        field: try read.text(item.field, "differences.field"),
                        reason: try read.text(item.reason, "differences.reason")))
            }
            var candidates: [Candidate] = []
            for index in 0..<c.n_candidates {
                let item = try read.present(c.candidates[index], "candidates").pointee
                candidates.append(
                    Candidate(
                        personalID: try read.text(item.personal_id, "candidates.personal_id"), weight: item.weight))
            }
            return Finding(
                doseID: try read.identifier(c.dose_id, "dose_id"),
                subjectID: try read.identifier(c.subject_id, "subject_id"),
                facilityCode: try read.text(c.facility_code, "facility_code"),
                sourceRecordID: try read.text(c.source_record_id, "source_record_id"), doseVersion: c.dose_version,
                assessment: c.assessment, differences: differences, candidates: candidates, strength: strength)
        }
    }

    public func wire() -> [UInt8] {
        let arena = Arena(capacity: 1024)
        var c = CFinding()
        tiemchung__matching__v1__finding__init(&c)
        c.dose_id = arena.bytes(doseID.bytes)
        c.subject_id = arena.bytes(subjectID.bytes)
        c.facility_code = arena.string(facilityCode)
        c.source_record_id = arena.string(sourceRecordID)
        c.dose_version = doseVersion
        c.assessment = assessment
        c.n_differences = differences.count
        c.differences = arena.pointers(
            differences.map { difference in
                let item = arena.make(CDifference.self)
                tiemchung__matching__v1__difference__init(item)
                item.pointee.field = arena.string(difference.field)
                item.pointee.reason = arena.string(difference.reason)
                return item
            })
        c.n_candidates = candidates.count
        c.candidates = arena.pointers(
            candidates.map { candidate in
                let item = arena.make(CCandidate.self)
                tiemchung__matching__v1__candidate__init(item)
                item.pointee.personal_id = arena.string(candidate.personalID)
                item.pointee.weight = candidate.weight
                return item
            })
        c.strength = .init(rawValue: .init(strength.rawValue))
        return withExtendedLifetime(arena) { packed(&c) }
    }
}
