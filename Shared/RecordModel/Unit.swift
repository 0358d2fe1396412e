/// What a unit of the health, police or administrative tree is (AUT-02, AUT-03, AUT-04).
public enum UnitKind: String, Sendable, CaseIterable {
    case communeStation = "commune-station"
    case hospital
    case service
    case mobile
    case communeCommittee = "commune-committee"
    case communePolice = "commune-police"
    case districtCentre = "district-centre"
    case cdc
    case healthDepartment = "health-department"
    case provincialPolice = "provincial-police"
    case preventiveMedicine = "preventive-medicine"
    case mohIT = "moh-it"
    case ministry

    /// Whether doses are given there (cơ sở tiêm chủng), state and private alike.
    public var isFacility: Bool {
        switch self {
        case .communeStation, .hospital, .service, .mobile: true
        default: false
        }
    }
}

/// One row of units.csv with its revision.
public struct UnitRecord: Hashable, Sendable {
    public var code: String
    public var name: String
    public var kind: UnitKind
    /// The unit above, which may be a ministry of any sector, or empty.
    public var parentCode: String
    public var provinceCode: String
    public var districtCode: String
    public var communeCode: String
    public var headName: String
    public var revision: UInt64

    public init(
        code: String, name: String, kind: UnitKind, parentCode: String = "", provinceCode: String = "",
        districtCode: String = "", communeCode: String = "", headName: String = "", revision: UInt64 = 1
    ) {
        self.code = code
        self.name = name
        self.kind = kind
        self.parentCode = parentCode
        self.provinceCode = provinceCode
        self.districtCode = districtCode
        self.communeCode = communeCode
        self.headName = headName
        self.revision = revision
    }
}
