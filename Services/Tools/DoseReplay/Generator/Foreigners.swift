/// People of other countries: vaccinated here, signed with a passport number, never compared with the register
/// (9438/BYT-CNTT, 1908/BYT-CNTT). Nationalities are typed the many ways facilities typed them.
import RecordModel

struct Foreigner {
    let surname: String
    let givenNames: String
    let nationality: String
    let identity: TypedIdentity
    let phone: String
    let commune: Int
    let outcome: ExpectedOutcome

    private struct Country {
        let typed: [String]
        let surnames: [String]
        let male: [String]
        let female: [String]
        let passportPrefix: String
    }

    private static let countries = Weighted<Country>([
        (
            Country(
                typed: ["KR", "KOR", "Hàn Quốc", "hàn quốc"], surnames: ["KIM", "LEE", "PARK", "CHOI", "JUNG"],
                male: ["MIN JUN", "SEO JUN", "JI HO"], female: ["SEO YEON", "JI WOO", "SU BIN"], passportPrefix: "M"),
            40
        ),
        (
            Country(
                typed: ["JP", "JPN", "Nhật Bản", "Japan"], surnames: ["SATO", "SUZUKI", "TAKAHASHI", "TANAKA"],
                male: ["HIROSHI", "KENJI", "TAKASHI"], female: ["YUKI", "AIKO", "HARUKA"], passportPrefix: "TR"), 18
        ),
        (
            Country(
                typed: ["CN", "CHN", "Trung Quốc", "China"], surnames: ["WANG", "LI", "ZHANG", "CHEN"],
                male: ["WEI", "JUN", "QIANG"], female: ["FANG", "XIU YING", "NA"], passportPrefix: "E"), 18
        ),
        (
            Country(
                typed: ["US", "USA", "Hoa Kỳ", "UNITED STATES"], surnames: ["SMITH", "JOHNSON", "O'BRIEN", "MILLER"],
                male: ["JAMES", "ROBERT", "JOHN PAUL"], female: ["MARY", "ANNE-MARIE", "LINDA"], passportPrefix: "5"),
            10
        ),
        (
            Country(
                typed: ["DE", "DEU", "Đức", "Germany"], surnames: ["MÜLLER", "SCHMIDT", "WEISS"],
                male: ["JÜRGEN", "STEFAN"], female: ["URSULA", "KATRIN"], passportPrefix: "C"), 6
        ),
        (
            Country(
                typed: ["KH", "KHM", "Campuchia"], surnames: ["SOK", "CHEA", "KEO"], male: ["DARA", "VUTHY"],
                female: ["SREY MOM", "BOPHA"], passportPrefix: "N"), 8
        ),
    ])

    static func draw(communes: Int, _ random: inout Xoshiro) -> Foreigner {
        let country = countries.draw(&random)
        let sex: Sex = random.chance(6000) ? .male : .female
        let surname = random.pick(country.surnames)
        let given = random.pick(sex == .male ? country.male : country.female)
        let birth = CalendarDate(year: random.within(1955...2003), month: 1, day: 1)!.adding(days: random.below(365))
        // One in forty names no country at all.
        let unknown = random.chance(250)
        return Foreigner(
            surname: surname, givenNames: given,
            nationality: unknown ? random.pick(["Ngoại kiều", "khác", "KXĐ"]) : random.pick(country.typed),
            identity: TypedIdentity(
                fullName: surname + " " + given, sex: sex.letter, dateOfBirth: birth.iso,
                idNumber: country.passportPrefix + digits(random.below(100_000_000), 8)),
            phone: "09" + digits(random.below(100_000_000), 8), commune: random.below(communes),
            outcome: unknown ? .missingItem : .exempt)
    }
}
