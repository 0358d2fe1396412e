import RecordModel

/// No column may be longer than anything that people type into it.
enum LengthRule {
    /// The most characters (Unicode scalars) of a column that has no limit of its own below.
    static let standard = 200

    static func check(_ row: Submission) throws(RuleFailure) {
        // Cheap for all that is short, which is nearly everything: bytes are never fewer than characters.
        try check(row.facilityCode, 64, "facility_code")
        try check(row.sourceRecordID, 128, "source_record_id")
        try check(row.subjectRef, 128, "subject_ref")
        try check(row.identity.fullName, 256, "full_name")
        try check(row.enteredAt, standard, "entered_at")
        try check(row.identity.sex, standard, "sex")
        try check(row.identity.dateOfBirth, standard, "date_of_birth")
        try check(row.identity.idNumber, standard, "id_number")
        try check(row.subject.idKind, standard, "id_kind")
        try check(row.subject.nationality, standard, "nationality")
        try check(row.subject.surname, standard, "surname")
        try check(row.subject.givenNames, standard, "given_names")
        try check(row.subject.phone, standard, "phone")
        try check(row.subject.residenceCommune, standard, "residence_commune")
        try check(row.doseNumber, standard, "dose_number")
        try check(row.vaccine, standard, "vaccine")
        try check(row.lotNumber, standard, "lot_number")
        try check(row.injectedOn, standard, "injected_on")
        try check(row.doseKind, standard, "dose_kind")
        try check(row.enteredByUnit, standard, "entered_by_unit")
        try check(row.entryBasis, standard, "entry_basis")
        try check(row.givenCountry, standard, "given_country")
        try check(row.recordStatus, standard, "record_status")
    }

    private static func check(_ value: String, _ limit: Int, _ field: String) throws(RuleFailure) {
        if value.utf8.count > limit, value.unicodeScalars.count > limit {
            throw RuleFailure(field: field, rule: .tooLong)
        }
    }
}
