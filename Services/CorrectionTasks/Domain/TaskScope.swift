import Web

/// Whose tasks a token may see and answer.
enum TaskScope: Hashable, Sendable {
    case all
    /// Tasks that the unit must act on or is accountable for.
    case unit(String)
    case commune(String)
    case district(String)
    case province(String)
    /// The unit is not in the list of units, or its row names no area.
    case nothing

    init(role: Role, unitCode: String, unit: TaskUnit?) {
        func area(_ code: String?, _ make: (String) -> TaskScope) -> TaskScope {
            guard let code, !code.isEmpty else { return .nothing }
            return make(code)
        }
        switch role {
        case .facilityStaff, .facilityHead, .communeStation: self = unitCode.isEmpty ? .nothing : .unit(unitCode)
        case .communePolice, .communeCommittee: self = area(unit?.communeCode) { .commune($0) }
        case .districtCentre: self = area(unit?.districtCode) { .district($0) }
        case .provincialPolice, .cdc, .healthDepartment: self = area(unit?.provinceCode) { .province($0) }
        case .nationalPolice, .preventiveMedicine, .mohIT, .operator: self = .all
        }
    }

    /// Whether a task is within the scope, given its responsible unit's row and its facility.
    func holds(unitCode: String, unit: TaskUnit?, facilityCode: String) -> Bool {
        switch self {
        case .all: true
        case .unit(let code): code == unitCode || code == facilityCode
        case .commune(let code): unit?.communeCode == code
        case .district(let code): unit?.districtCode == code
        case .province(let code): unit?.provinceCode == code
        case .nothing: false
        }
    }

    /// The same as a condition over `task t`; `$1` is the code. Indexes on unit and facility serve it.
    var condition: String {
        switch self {
        case .all: "$1::text IS NOT NULL"
        case .unit: "(t.unit_code = $1 OR t.facility_code = $1)"
        case .commune: "t.unit_code IN (SELECT code FROM unit WHERE commune_code = $1)"
        case .district: "t.unit_code IN (SELECT code FROM unit WHERE district_code = $1)"
        case .province: "t.unit_code IN (SELECT code FROM unit WHERE province_code = $1)"
        case .nothing: "$1::text IS NULL"
        }
    }

    var code: String {
        switch self {
        case .all, .nothing: ""
        case .unit(let code), .commune(let code), .district(let code), .province(let code): code
        }
    }
}
