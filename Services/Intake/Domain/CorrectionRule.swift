import RecordModel

/// A correction takes effect only on the right authority and with values that a facility's row could hold too
/// (AUT-01, AUT-18: identity by police, dose fields by the health side).
enum CorrectionRule {
    static func check(
        _ correction: CorrectionApplied, now: Instant, _ settings: ValidationSettings, _ vaccines: VaccineNames
    ) throws(RuleFailure) {
        switch correction.correction {
        case .identity(let identity):
            if correction.authority != .police { throw RuleFailure(field: "authority", rule: .unknownValue) }
            for (field, value) in [
                ("full_name", identity.fullName), ("sex", identity.sex), ("date_of_birth", identity.dateOfBirth),
                ("id_number", identity.idNumber),
            ] {
                if value.isEmpty { throw RuleFailure(field: field, rule: .missing) }
                if value.unicodeScalars.count > 256 { throw RuleFailure(field: field, rule: .tooLong) }
            }
        case .dose(let fields):
            if correction.authority != .health { throw RuleFailure(field: "authority", rule: .unknownValue) }
            try check(fields, now: now, settings, vaccines)
        }
    }

    private static func check(
        _ fields: DoseCorrection, now: Instant, _ settings: ValidationSettings, _ vaccines: VaccineNames
    ) throws(RuleFailure) {
        if !fields.vaccine.isEmpty, vaccines.product(typed: fields.vaccine) == nil {
            throw RuleFailure(field: "vaccine", rule: .unknownVaccine)
        }
        if !fields.injectedOn.isEmpty {
            guard let date = InjectionDateRule.read(fields.injectedOn) else {
                throw RuleFailure(field: "injected_on", rule: .unreadable)
            }
            if date > now.calendarDate() { throw RuleFailure(field: "injected_on", rule: .inTheFuture) }
        }
        if !fields.doseKind.isEmpty, DoseKind(label: fields.doseKind) == nil {
            throw RuleFailure(field: "dose_kind", rule: .unknownValue)
        }
        if fields.lotNumber.unicodeScalars.count > LengthRule.standard {
            throw RuleFailure(field: "lot_number", rule: .tooLong)
        }
        if fields.doseNumber.unicodeScalars.count > LengthRule.standard {
            throw RuleFailure(field: "dose_number", rule: .tooLong)
        }
    }
}
