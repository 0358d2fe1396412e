import RecordModel

/// What the rules know beside the row itself.
struct Circumstances: Sendable {
    var units: UnitDirectory
    var identifiers: RecordIdentifiers
    var settings: ValidationSettings
    var vaccines: VaccineNames
    /// The facility for which the sender's token speaks; nil where rows come from a topic, which has access lists.
    var ownFacility: String?

    init(
        units: UnitDirectory, identifiers: RecordIdentifiers, settings: ValidationSettings = ValidationSettings(),
        vaccines: VaccineNames = .shared, ownFacility: String? = nil
    ) {
        self.units = units
        self.identifiers = identifiers
        self.settings = settings
        self.vaccines = vaccines
        self.ownFacility = ownFacility
    }
}

/// The rules' figures, from the configuration.
struct ValidationSettings: Sendable {
    /// The first injection in Viet Nam; earlier doses need the country where they were given.
    var startDate = CalendarDate(daysSince1970: 18_694)
    /// How far a typed time of entry may lie ahead of its receipt, in seconds.
    var toleranceAhead: Int64 = 300
}

/// A row through all rules, one file each under `Rules/`: in the project's values, or the first rule that it breaks.
func validated(_ arrival: Arrival, _ circumstances: Circumstances) -> Result<AcceptedRow, RuleFailure> {
    let row = arrival.submission
    do throws(RuleFailure) {
        try LengthRule.check(row)
        try RecordNumberRule.check(row)
        let unit = try FacilityRule.unit(of: row, circumstances)
        let enteredAt = try EntryTimeRule.instant(of: row, receivedAt: arrival.receivedAt, circumstances.settings)
        let kind = try ValueSetRule.doseKind(of: row)
        let basis = try ValueSetRule.entryBasis(of: row)
        let status = try ValueSetRule.status(of: row)
        let injectedOn = try InjectionDateRule.date(of: row, receivedAt: arrival.receivedAt, circumstances.settings)
        let vaccine = try VaccineRule.product(of: row, circumstances.vaccines)
        return .success(
            AcceptedRow(
                doseID: circumstances.identifiers.doseID(
                    facility: row.facilityCode, facilityHash: unit.facilityHash, record: row.sourceRecordID),
                subjectID: circumstances.identifiers.subjectID(
                    facility: row.facilityCode, facilityHash: unit.facilityHash, reference: row.subjectRef,
                    record: row.sourceRecordID),
                facilityCode: row.facilityCode, sourceRecordID: row.sourceRecordID, enteredAt: enteredAt,
                receivedAt: arrival.receivedAt, contentHash: ContentHash(of: row), identity: row.identity,
                subject: row.subject,
                dose: DoseDetails(
                    doseNumber: DoseNumber.number(typed: row.doseNumber), doseNumberTyped: row.doseNumber,
                    vaccine: vaccine, lotNumber: row.lotNumber, injectedOn: injectedOn, kind: kind,
                    enteredByUnit: row.enteredByUnit, entryBasis: basis, givenCountry: row.givenCountry),
                status: status))
    } catch {
        return .failure(error)
    }
}
