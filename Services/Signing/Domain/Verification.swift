import RecordModel

/// What the register check says of a dose, as far as it has arrived: the verdict, the person, and, where it is above 1,
/// the version of the record that they must reach.
struct Verification: Hashable, Sendable {
    /// Empty while only a person has arrived: that message does not name the facility.
    var facilityCode = ""
    /// 0 or the version of a record that was amended.
    var recordVersion: UInt32 = 0
    var verdict: VerdictFact?
    var person: PersonFact?

    /// Takes what is newer; tells whether anything was.
    mutating func absorb(_ other: Verification) -> Bool {
        var changed = false
        if facilityCode.isEmpty, !other.facilityCode.isEmpty {
            facilityCode = other.facilityCode
            changed = true
        }
        if other.recordVersion > recordVersion {
            recordVersion = other.recordVersion
            changed = true
        }
        if let newer = other.verdict, verdict.map({ newer.order > $0.order }) ?? true {
            verdict = newer
            changed = true
        }
        if let newer = other.person, person.map({ newer.order > $0.order }) ?? true {
            person = newer
            changed = true
        }
        return changed
    }

    /// The row of `ready_dose` that the dose has while it is not attested; nil where the verdict is not right, does not
    /// answer the record's newest version, or the person is not known.
    func ready(_ doseID: DoseID) -> ReadyDose? {
        guard let verdict, verdict.outcome == .right, verdict.order.version >= recordVersion, !facilityCode.isEmpty,
            let key = person?.key
        else { return nil }
        return ReadyDose(facilityCode: facilityCode, personKey: key, doseID: doseID, order: verdict.order)
    }
}

/// A row of `ready_dose`: a dose that can be signed once its record is there, active, of the same version, and within
/// the limits.
struct ReadyDose: Hashable, Sendable {
    var facilityCode: String
    var personKey: PersonKey
    var doseID: DoseID
    /// The verdict's version, and the assessment since which the row stands.
    var order: FactOrder

    /// Whether another row says the same; a mere new assessment says nothing new.
    func saysTheSame(as other: ReadyDose?) -> Bool {
        guard let other else { return false }
        return doseID == other.doseID && personKey == other.personKey && order.version == other.order.version
            && facilityCode == other.facilityCode
    }
}
