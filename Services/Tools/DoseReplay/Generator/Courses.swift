/// Which doses a person got: numbers of doses, products and intervals as in 2021-22.
import RecordModel

struct PlannedDose {
    let number: Int
    let product: String
    let date: CalendarDate
    let kind: DoseKind
    let lot: String
}

enum Courses {
    private struct Course {
        let first: String
        let interval: ClosedRange<Int>
        let primaryDoses: Int
        let from: CalendarDate
    }

    private static func date(_ year: Int, _ month: Int, _ day: Int) -> CalendarDate {
        CalendarDate(year: year, month: month, day: day)!
    }

    private static let adult = Weighted<Course>([
        (Course(first: "Vaxzevria", interval: 28...84, primaryDoses: 2, from: date(2021, 4, 1)), 380),
        (Course(first: "Comirnaty", interval: 21...42, primaryDoses: 2, from: date(2021, 7, 10)), 260),
        (Course(first: "BBIBP-CorV", interval: 21...35, primaryDoses: 2, from: date(2021, 7, 1)), 230),
        (Course(first: "Spikevax", interval: 28...42, primaryDoses: 2, from: date(2021, 7, 15)), 90),
        (Course(first: "Abdala", interval: 14...21, primaryDoses: 3, from: date(2021, 10, 1)), 25),
        (Course(first: "Sputnik-V", interval: 21...35, primaryDoses: 2, from: date(2021, 7, 1)), 8),
        (Course(first: "Hayat-Vax", interval: 21...35, primaryDoses: 2, from: date(2021, 9, 20)), 5),
        (Course(first: "Janssen", interval: 60...90, primaryDoses: 1, from: date(2021, 8, 1)), 2),
    ])

    private static let teenager = Course(
        first: "Comirnaty", interval: 21...42, primaryDoses: 2, from: date(2021, 11, 1))
    private static let child = Weighted<Course>([
        (Course(first: "Comirnaty", interval: 28...42, primaryDoses: 2, from: date(2022, 4, 14)), 6),
        (Course(first: "Spikevax", interval: 28...42, primaryDoses: 2, from: date(2022, 4, 14)), 4),
    ])
    private static let boosters = Weighted<String>([("Comirnaty", 55), ("Vaxzevria", 25), ("Spikevax", 20)])

    /// No dose is given after this day.
    static let lastDay = date(2022, 9, 30)

    /// The doses of somebody born on this day; none for whom there was no vaccine.
    static func draw(born birth: CalendarDate, _ random: inout Xoshiro) -> [PlannedDose] {
        let course: Course
        let age = 2021 - birth.year
        switch age {
        case ..<5: return []
        case 5..<12: course = child.draw(&random)
        case 12..<18: course = teenager
        default: course = adult.draw(&random)
        }
        let wish = random.below(100)
        var count = wish < 10 ? 1 : wish < 58 ? 2 : 3
        if age < 18 { count = min(count, 2) }
        var day = course.from.adding(days: random.below(150))
        var doses: [PlannedDose] = []
        for number in 1...count {
            let primary = number <= course.primaryDoses
            if number > 1 { day = day.adding(days: random.within(primary ? course.interval : 90...150)) }
            guard day <= lastDay else { break }
            let product = primary ? secondProduct(course.first, number, &random) : boosters.draw(&random)
            doses.append(
                PlannedDose(
                    number: number, product: product, date: day, kind: primary ? .primary : .booster,
                    lot: lot(product, &random)))
        }
        return doses
    }

    /// Mixed courses were common after a first dose of Vaxzevria.
    private static func secondProduct(_ first: String, _ number: Int, _ random: inout Xoshiro) -> String {
        number == 2 && first == "Vaxzevria" && random.chance(1500) ? "Comirnaty" : first
    }

    private static func lot(_ product: String, _ random: inout Xoshiro) -> String {
        let letters = ["A", "B", "C", "D", "E", "F", "G", "N", "P", "T"]
        return random.pick(letters) + random.pick(letters) + digits(random.below(60) * 17 + product.utf8.count, 4)
    }

    /// How facilities write each product.
    static func typedNames(_ product: String) -> [String] {
        switch product {
        case "Vaxzevria": ["AstraZeneca", "Vaxzevria", "ASTRAZENECA", "astrazeneca"]
        case "Comirnaty": ["Pfizer", "Comirnaty", "PFIZER", "COMIRNATY"]
        case "Spikevax": ["Moderna", "Spikevax", "MODERNA"]
        case "BBIBP-CorV": ["Vero Cell", "Sinopharm", "BBIBP-CorV", "VERO CELL"]
        case "Sputnik-V": ["Sputnik V", "Sputnik-V"]
        case "Hayat-Vax": ["Hayat Vax", "Hayat-Vax"]
        default: [product, product.uppercased()]
        }
    }
}
