/// The units of a generated country: ministries, provinces, districts, communes and who works there.
///
/// Provinces are the real ones; districts and communes are invented in the form of the official codes (three and
/// five digits), so that nothing here can be taken for a real office. Held in memory: some 15,000 units for a million persons.
import RecordModel

struct Geography {
    struct Commune {
        let code: String
        let district: Int
        let province: Provinces.Province
        let stationCode: String
    }

    struct Facility {
        let code: String
        let kind: UnitKind
        /// Its number among the facilities; habits of typing follow from it.
        let index: Int
    }

    private(set) var units: [UnitRecord] = []
    private(set) var communes: [Commune] = []
    private(set) var facilities: [Facility] = []
    /// Facility numbers of each district: hospitals, then services.
    private(set) var hospitals: [[Int]] = []
    private(set) var services: [[Int]] = []
    private(set) var mobiles: [Int] = []
    private var stationFacility: [Int] = []

    static let personsPerCommune = 250
    private static let communesPerDistrict = 4
    private static let districtsPerProvince = 3

    /// As many communes as `persons` fill; the tree is the same for the same seed and number of persons.
    init(seed: UInt64, persons: Int) {
        let communeCount = min(10_000, max(6, persons / Self.personsPerCommune))
        let districtCount = (communeCount + Self.communesPerDistrict - 1) / Self.communesPerDistrict
        let provinceCount = min(63, (districtCount + Self.districtsPerProvince - 1) / Self.districtsPerProvince)
        var random = Xoshiro(seed: seed, .units)
        addNational(&random)
        for number in 0..<provinceCount { addProvince(Provinces.byWeight[number], &random) }
        for number in 0..<districtCount {
            addDistrict(number, in: Provinces.byWeight[number % provinceCount], &random)
        }
        for number in 0..<communeCount {
            let district = number % districtCount
            addCommune(
                number, district: district, in: Provinces.byWeight[district % provinceCount], &random)
        }
    }

    func station(ofCommune commune: Int) -> Facility { facilities[stationFacility[commune]] }

    private mutating func add(_ unit: UnitRecord) { units.append(unit) }

    private mutating func addFacility(_ unit: UnitRecord) -> Int {
        units.append(unit)
        facilities.append(Facility(code: unit.code, kind: unit.kind, index: facilities.count))
        return facilities.count - 1
    }

    private func head(_ random: inout Xoshiro) -> String {
        let sex: Sex = random.chance(5000) ? .male : .female
        return Names.draw(sex, surname: nil, &random).text
    }

    private mutating func addNational(_ random: inout Xoshiro) {
        let national: [(String, String, UnitKind, String)] = [
            ("BYT", "Bộ Y tế", .ministry, ""), ("BCA", "Bộ Công an", .ministry, ""),
            ("BQP", "Bộ Quốc phòng", .ministry, ""), ("CYTDP", "Cục Y tế dự phòng", .preventiveMedicine, "BYT"),
            ("CNTT", "Cục Công nghệ thông tin", .mohIT, "BYT"),
        ]
        for (code, name, kind, parent) in national {
            add(UnitRecord(code: code, name: name, kind: kind, parentCode: parent, headName: head(&random)))
        }
        // Facilities under a ministry of any sector, outside every province's tree (AUT-04).
        for (code, name, parent) in [
            ("BV-BYT-1", "Bệnh viện Trung ương số 1", "BYT"), ("BV-BQP-1", "Bệnh viện Quân y số 1", "BQP"),
        ] {
            mobiles.append(
                addFacility(
                    UnitRecord(code: code, name: name, kind: .hospital, parentCode: parent, headName: head(&random))))
        }
    }

    private mutating func addProvince(_ province: Provinces.Province, _ random: inout Xoshiro) {
        let code = province.code
        let rows: [(String, String, UnitKind, String)] = [
            ("SYT-\(code)", "Sở Y tế \(province.name)", .healthDepartment, "BYT"),
            ("CDC-\(code)", "Trung tâm Kiểm soát bệnh tật \(province.name)", .cdc, "SYT-\(code)"),
            ("CAT-\(code)", "Công an \(province.name)", .provincialPolice, "BCA"),
        ]
        for (unit, name, kind, parent) in rows {
            add(
                UnitRecord(
                    code: unit, name: name, kind: kind, parentCode: parent, provinceCode: code,
                    headName: head(&random)))
        }
        mobiles.append(
            addFacility(
                UnitRecord(
                    code: "LD-\(code)", name: "Đội tiêm lưu động \(province.name)", kind: .mobile,
                    parentCode: "CDC-\(code)", provinceCode: code, headName: head(&random))))
    }

    private func districtCode(_ number: Int) -> String { digits(number + 1, 3) }

    private mutating func addDistrict(_ number: Int, in province: Provinces.Province, _ random: inout Xoshiro) {
        let code = districtCode(number)
        add(
            UnitRecord(
                code: "TTYT-\(code)", name: "Trung tâm Y tế huyện số \(code)", kind: .districtCentre,
                parentCode: "SYT-\(province.code)", provinceCode: province.code, districtCode: code,
                headName: head(&random)))
        hospitals.append([
            addFacility(
                UnitRecord(
                    code: "BV-\(code)", name: "Bệnh viện đa khoa huyện số \(code)", kind: .hospital,
                    parentCode: "SYT-\(province.code)", provinceCode: province.code, districtCode: code,
                    headName: head(&random)))
        ])
        services.append(
            number % 2 == 1
                ? []
                : [
                    addFacility(
                        UnitRecord(
                            code: "DV-\(code)", name: "Phòng tiêm chủng dịch vụ số \(code)", kind: .service,
                            parentCode: "SYT-\(province.code)", provinceCode: province.code, districtCode: code,
                            headName: head(&random)))
                ])
    }

    private mutating func addCommune(
        _ number: Int, district: Int, in province: Provinces.Province, _ random: inout Xoshiro
    ) {
        let code = digits(number * 3 + 1, 5)
        let districtCode = districtCode(district)
        let station = "TYT-\(code)"
        let facility = addFacility(
            UnitRecord(
                code: station, name: "Trạm Y tế xã số \(code)", kind: .communeStation,
                parentCode: "TTYT-\(districtCode)", provinceCode: province.code, districtCode: districtCode,
                communeCode: code, headName: head(&random)))
        stationFacility.append(facility)
        for (unit, name, kind, parent) in [
            ("UBND-\(code)", "Ủy ban nhân dân xã số \(code)", UnitKind.communeCommittee, ""),
            ("CAX-\(code)", "Công an xã số \(code)", UnitKind.communePolice, "CAT-\(province.code)"),
        ] {
            add(
                UnitRecord(
                    code: unit, name: name, kind: kind, parentCode: parent, provinceCode: province.code,
                    districtCode: districtCode, communeCode: code, headName: head(&random)))
        }
        communes.append(Commune(code: code, district: district, province: province, stationCode: station))
    }
}

/// A whole number with leading zeros.
func digits(_ value: Int, _ width: Int) -> String {
    let text = String(value)
    return text.utf8.count >= width ? text : String(repeating: "0", count: width - text.utf8.count) + text
}
