import RecordModel

/// The dose was given at a unit of the list that gives doses, and the sender speaks for it.
enum FacilityRule {
    static let field = "facility_code"

    static func unit(of row: Submission, _ circumstances: Circumstances) throws(RuleFailure) -> UnitDirectory.Entry {
        if row.facilityCode.isEmpty { throw RuleFailure(field: field, rule: .missing) }
        // Before anything else is said about the code: a token learns nothing about other facilities.
        if let own = circumstances.ownFacility, own != row.facilityCode {
            throw RuleFailure(field: field, rule: .otherFacility)
        }
        guard let unit = circumstances.units[row.facilityCode] else {
            throw RuleFailure(field: field, rule: .unknownFacility)
        }
        guard unit.kind.isFacility else { throw RuleFailure(field: field, rule: .notAFacility) }
        return unit
    }
}
