/// What a token's bearer may be. The names are those of the token's `role` claim.
public enum Role: String, Sendable, CaseIterable, Hashable, Comparable {
    /// Staff of a vaccination facility (cơ sở tiêm chủng).
    case facilityStaff = "facility-staff"
    /// Head of a vaccination facility: signs.
    case facilityHead = "facility-head"
    /// Commune health station (Trạm Y tế).
    case communeStation = "commune-station"
    /// Commune People's Committee.
    case communeCommittee = "commune-committee"
    /// Commune police (Công an cấp xã).
    case communePolice = "commune-police"
    case provincialPolice = "provincial-police"
    /// Ministry of Public Security, holder of the population register.
    case nationalPolice = "national-police"
    /// District health centre (Trung tâm Y tế).
    case districtCentre = "district-centre"
    /// Provincial centre for disease control.
    case cdc
    /// Department of Health (Sở Y tế).
    case healthDepartment = "health-department"
    /// General Department of Preventive Medicine (Cục Y tế dự phòng).
    case preventiveMedicine = "preventive-medicine"
    /// Ministry of Health, IT department (Cục CNTT).
    case mohIT = "moh-it"
    /// Who runs the platform.
    case `operator`

    public static func < (left: Role, right: Role) -> Bool { left.rawValue < right.rawValue }
}

extension Set<Role> {
    /// Roles that may learn what the register says (AUT-01, AUT-17).
    public static var police: Set<Role> { [.communePolice, .provincialPolice, .nationalPolice] }
    /// Roles of the health side.
    public static var health: Set<Role> {
        [
            .facilityStaff, .facilityHead, .communeStation, .communeCommittee, .districtCentre, .cdc, .healthDepartment,
            .preventiveMedicine, .mohIT,
        ]
    }
    /// Everybody with a valid token.
    public static var everyone: Set<Role> { Set(Role.allCases) }
}

/// Who is asking, as a verified token says.
public struct Principal: Sendable, Hashable {
    /// The token's `sub`: a person's account, never a name or identity number.
    public let subject: String
    public let role: Role
    /// The code of the unit the person acts for; empty for roles without one.
    public let unit: String

    public init(subject: String, role: Role, unit: String) {
        self.subject = subject
        self.role = role
        self.unit = unit
    }
}

/// How far a route reaches for the asking unit. Named per route; the service enforces it where the data lives.
public enum Scope: String, Sendable {
    /// All data of the service, for every role of the route.
    case everywhere
    /// Data of the asking unit alone.
    case unit
    /// Data of the asking unit's territory (its commune, district or province).
    case territory
}
