import RecordModel

/// Who must act on a task, and by when.
struct Responsibility: Sendable {
    /// Provinces whose own order is that the giving facility handles its list, not the station of residence.
    var facilityProvinces: Set<String> = []
    /// Days from the making of the list to the answer (8938/BYT-DP: two).
    var days = 2

    /// The unit that must act: by default the station of the residence commune, else the giving facility.
    func unit(kind: TaskKind, station: TaskUnit?, facility: TaskUnit?, facilityCode: String) -> String {
        // What the dose was, only the facility that gave it knows.
        guard kind != .doseField, let station else { return facilityCode }
        return facilityProvinces.contains(station.provinceCode) ? facilityCode : station.code
    }

    /// The end of the last day in Asia/Ho_Chi_Minh.
    func due(_ created: Instant) -> Instant {
        created.calendarDate().adding(days: days + 1).startOfDay.adding(seconds: -1)
    }
}

/// A unit as far as routing and scope need it.
struct TaskUnit: Hashable, Sendable {
    var code: String
    var kind: String
    var provinceCode: String
    var districtCode: String
    var communeCode: String

    static let stationKind = UnitKind.communeStation.rawValue
}
