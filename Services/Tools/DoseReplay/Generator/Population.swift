/// The people of a generated register. A person is a pure function of seed and number: the register and the dose
/// stream are written without holding anybody in memory, and a relative can be looked up by number.
import RecordModel

struct Person {
    let index: Int
    let sex: Sex
    let birth: CalendarDate
    let name: FullName
    /// Twelve digits: province of registration, century and sex, year, six more.
    let personalID: String
    /// Nine digits, empty where the person never had one.
    let oldID: String
    let commune: Int
    let phone: String
}

struct Population {
    static let householdSize = 4
    static let largest = 20_000_000

    let seed: UInt64
    let count: Int
    let geography: Geography
    /// Birth years of one block of a million persons share a residue, so that two blocks never share a number.
    private let blocks: Int

    init(seed: UInt64, count: Int, geography: Geography) {
        self.seed = seed
        self.count = count
        self.geography = geography
        blocks = (count + 999_999) / 1_000_000
    }

    private struct Household {
        let surname: String
        let otherSurname: String
        let commune: Int
        let phone: String
        let parentYear: Int
        let twins: Bool
    }

    private func household(_ number: Int) -> Household {
        var random = Xoshiro(seed: seed, .household, number)
        return Household(
            surname: Names.surnames.draw(&random), otherSurname: Names.surnames.draw(&random),
            commune: random.below(geography.communes.count),
            phone: random.pick(["09", "03", "07", "08"]) + digits(random.below(100_000_000), 8),
            parentYear: random.within(1940...1990), twins: random.chance(200))
    }

    /// The others of the household, by number.
    func relatives(of index: Int) -> [Int] {
        let first = index / Self.householdSize * Self.householdSize
        return (first..<min(count, first + Self.householdSize)).filter { $0 != index }
    }

    func person(_ index: Int) -> Person {
        let household = household(index / Self.householdSize)
        let member = index % Self.householdSize
        var random = Xoshiro(seed: seed, .person, index)
        let sex: Sex =
            switch member {
            case 0: .male
            case 1: .female
            default: random.chance(5100) ? .male : .female
            }
        // A twin is born on the day of the member before.
        let birthIndex = member == 3 && household.twins ? index - 1 : index
        let birth = birthDate(birthIndex, household)
        let name = Names.draw(sex, surname: surname(member, household, &random), &random)
        let home = geography.communes[household.commune].province
        let registered = random.chance(7600) ? home : random.pick(Provinces.all)
        return Person(
            index: index, sex: sex, birth: birth, name: name,
            personalID: personalID(index, registered, sex, birth),
            oldID: birth.year <= 2003 && random.chance(6200) ? oldID(index, registered) : "",
            commune: household.commune,
            phone: random.chance(3500)
                ? household.phone : random.pick(["09", "03", "07", "08"]) + digits(random.below(100_000_000), 8))
    }

    private func surname(_ member: Int, _ household: Household, _ random: inout Xoshiro) -> String? {
        switch member {
        case 1: household.otherSurname
        case 0: random.chance(60) ? nil : household.surname
        default: household.surname
        }
    }

    private func birthDate(_ index: Int, _ household: Household) -> CalendarDate {
        var random = Xoshiro(seed: seed &+ 1, .person, index)
        let wanted =
            switch index % Self.householdSize {
            case 0: household.parentYear
            case 1: household.parentYear + random.within(-3...6)
            default: min(2018, household.parentYear + random.within(20...36))
            }
        let year = wanted - (((wanted - index / 1_000_000) % blocks) + blocks) % blocks
        // One in fifty was registered with the first of January.
        if random.chance(200) { return CalendarDate(year: year, month: 1, day: 1)! }
        return CalendarDate(year: year, month: 1, day: 1)!.adding(days: random.below(365))
    }

    private func personalID(_ index: Int, _ province: Provinces.Province, _ sex: Sex, _ birth: CalendarDate) -> String {
        let century = (birth.year / 100 - 19) * 2 + (sex == .male ? 0 : 1)
        // 618,033 has no factor in common with a million: every number of a block gets its own six digits.
        let suffix = (index % 1_000_000 * 618_033 + 141_421 + index / 1_000_000 * 7) % 1_000_000
        return province.idPrefix + String(century) + digits(birth.year % 100, 2) + digits(suffix, 6)
    }

    private func oldID(_ index: Int, _ province: Provinces.Province) -> String {
        // Two persons in a thousand carry their neighbour's old number: the old series repeated.
        let owner = index % 500 == 1 ? index - 1 : index
        let series = Provinces.all.firstIndex { $0.idPrefix == province.idPrefix }! % 38 + 1
        let shown = owner == index ? series : seriesOfOwner(owner)
        return digits(shown, 2) + digits((owner % 10_000_000 * 3_141_593 + 2_718_281) % 10_000_000, 7)
    }

    private func seriesOfOwner(_ owner: Int) -> Int { Int(person(owner).oldID.prefix(2)) ?? 1 }
}
