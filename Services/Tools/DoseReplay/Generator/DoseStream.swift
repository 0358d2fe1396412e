/// The dirty dose stream: visits of persons and foreigners become rows as facilities typed them, with what happens to
/// rows afterwards (amendments, withdrawals, repeats, late older rows, refused ones). Order in the stream never
/// decides the outcome: `entered_at` does.
import RecordModel

struct DoseStream {
    /// Rates of 10,000; `doses.csv` follows them within the noise of its size.
    enum Rates {
        static let foreigner = 120
        static let subjectRef = 8500
        static let otherFacility = 3000
        static let duplicate = 150
        static let amendment = 220
        static let lateOlder = 60
        static let withdrawal = 40
        static let doubleEntry = 40
        static let invalid = 30
        static let lateEntry = 500
        static let wrongDoseNumber = 30
    }

    private let population: Population
    private let errors: ErrorRates
    private let wanted: Int
    /// Every how manieth person of the register is vaccinated.
    private let step: Int
    private var visited = 0
    private var queue = RowQueue()

    /// `wanted` rows over the people of a population, typed as wrongly as the rates say.
    init(population: Population, rows wanted: Int, errors: ErrorRates = .april2022) {
        self.population = population
        self.errors = errors
        self.wanted = wanted
        // A few more, as the first ones may all be without a dose.
        let needed = wanted * 10 / DoseStream.dosesPerTenPersons + 16
        step = max(1, population.count / needed)
    }

    /// A little below the mean, children without a dose counted, so that the people suffice.
    static let dosesPerTenPersons = 18

    /// The next row; nil after the last. Nil too when the people are used up, which `exhausted` tells apart.
    mutating func next() -> StreamRow? {
        while true {
            let flushing = queue.pushed >= wanted || exhausted
            if let row = queue.pop(flushing: flushing) { return row }
            if flushing { return nil }
            visit()
        }
    }

    /// True when there were too few people for the rows that were asked for.
    private(set) var exhausted = false

    private mutating func visit() {
        let index = visited * step
        guard index < population.count else {
            exhausted = true
            return
        }
        var random = Xoshiro(seed: population.seed, .doses, index)
        visited += 1
        let rows =
            random.chance(Rates.foreigner)
            ? foreignerRows(index, &random) : personRows(population.person(index), &random)
        for (row, delay) in rows where queue.pushed < wanted { queue.push(row, delay: delay) }
    }

    // MARK: people

    private func personRows(_ person: Person, _ random: inout Xoshiro) -> [(StreamRow, Int)] {
        let doses = Courses.draw(born: person.birth, &random)
        let clean = TypedIdentity(
            fullName: person.name.text, sex: person.sex.letter, dateOfBirth: person.birth.iso,
            idNumber: person.personalID)
        let entrant = Entrant(person: person, population: population)
        let usual = facility(commune: person.commune, &random)
        var registered: [Int: Registration] = [:]
        var rows: [(StreamRow, Int)] = []
        for dose in doses {
            let at =
                dose.number > 1 && random.chance(Rates.otherFacility)
                ? facility(commune: person.commune, &random) : usual
            let registration = registered[at.index] ?? register(clean, entrant, &random)
            registered[at.index] = registration
            var row = row(
                dose, at: at, identity: registration.typed, subjectIndex: person.index, &random)
            row.truth = Truth(
                personalID: person.personalID, errors: registration.errors, outcome: registration.outcome,
                kind: "first")
            row.submission.subject.phone = random.chance(9000) ? person.phone : ""
            row.submission.subject.residenceCommune = population.geography.communes[person.commune].code
            rows += Afterlife.rows(row, clean: clean, geography: population.geography, &random)
        }
        return rows
    }

    /// A person is registered once at a facility; all doses there carry the same items.
    private struct Registration {
        let typed: TypedIdentity
        let errors: [String]
        let outcome: ExpectedOutcome
    }

    private func register(_ clean: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro) -> Registration {
        let (typed, errors, outcome) = errors.type(clean, entrant, &random)
        return Registration(typed: typed, errors: errors, outcome: outcome)
    }

    private func foreignerRows(_ index: Int, _ random: inout Xoshiro) -> [(StreamRow, Int)] {
        let foreigner = Foreigner.draw(communes: population.geography.communes.count, &random)
        let at = facility(commune: foreigner.commune, &random)
        let birth = CalendarDate(iso: foreigner.identity.dateOfBirth)!
        var rows: [(StreamRow, Int)] = []
        for dose in Courses.draw(born: birth, &random) {
            var row = row(
                dose, at: at, identity: foreigner.identity, subjectIndex: index, &random)
            row.submission.subject = SubjectDetails(
                idKind: random.chance(6000) ? "passport" : "", nationality: foreigner.nationality,
                surname: foreigner.surname, givenNames: foreigner.givenNames, phone: foreigner.phone,
                residenceCommune: population.geography.communes[foreigner.commune].code)
            row.truth = Truth(personalID: "", errors: [], outcome: foreigner.outcome, kind: "first")
            rows += Afterlife.rows(
                row, clean: foreigner.identity, geography: population.geography, &random)
        }
        return rows
    }

    // MARK: one row

    private func facility(commune: Int, _ random: inout Xoshiro) -> Geography.Facility {
        let geography = population.geography
        let district = geography.communes[commune].district
        switch random.below(100) {
        case ..<68: return geography.station(ofCommune: commune)
        case ..<88: return geography.facilities[random.pick(geography.hospitals[district])]
        case ..<95 where !geography.services[district].isEmpty:
            return geography.facilities[random.pick(geography.services[district])]
        default: return geography.facilities[random.pick(geography.mobiles)]
        }
    }

    private func row(
        _ dose: PlannedDose, at facility: Geography.Facility, identity: TypedIdentity, subjectIndex: Int,
        _ random: inout Xoshiro
    ) -> StreamRow {
        var submission = Submission()
        submission.facilityCode = facility.code
        submission.sourceRecordID = "\(dose.date.year)-\(digits(subjectIndex, 7))-\(dose.number)"
        let late = random.chance(Rates.lateEntry)
        let days = late ? random.within(5...60) : random.below(10) == 0 ? 1 : 0
        submission.enteredAt = EntryTime(date: dose.date.adding(days: days), random: &random).text
        if random.chance(Rates.subjectRef) { submission.subjectRef = "BN" + digits(subjectIndex, 8) }
        submission.identity = Habits.typed(identity, facility: facility.index)
        submission.doseNumber = String(
            random.chance(Rates.wrongDoseNumber) ? random.pick([1, 2, 3, 9]) : dose.number)
        submission.vaccine = random.pick(Courses.typedNames(dose.product))
        submission.lotNumber = random.chance(300) ? "" : dose.lot
        submission.injectedOn = dose.date.iso
        submission.doseKind = random.chance(4000) ? dose.kind.label : ""
        submission.entryBasis = late ? "late" : random.chance(2000) ? "session" : ""
        return StreamRow(
            submission: submission, truth: Truth(personalID: "", errors: [], outcome: .right, kind: "first"))
    }
}

/// How a facility writes: all its rows alike.
enum Habits {
    /// Writes what is well-formed in the facility's own manner and leaves everything else as typed.
    static func typed(_ items: TypedIdentity, facility: Int) -> TypedIdentity {
        var items = items
        if facility % 5 < 2, let date = CalendarDate(iso: items.dateOfBirth) {
            items.dateOfBirth = digits(date.day, 2) + "/" + digits(date.month, 2) + "/" + digits(date.year, 4)
        }
        if items.sex == "M" || items.sex == "F" {
            switch facility % 7 {
            case 0, 1: items.sex = items.sex == "M" ? "Nam" : "Nữ"
            case 2: items.sex = items.sex == "M" ? "0" : "1"
            default: break
            }
        }
        return items
    }
}

/// A time of entry, as RFC 3339: mostly with Viet Nam's offset, sometimes in UTC.
struct EntryTime {
    let text: String

    init(date: CalendarDate, random: inout Xoshiro) {
        let second = random.within(7 * 3600...20 * 3600)
        if random.chance(1500) {
            text = date.startOfDay.adding(seconds: Int64(second)).rfc3339
        } else {
            text =
                date.iso + "T" + digits(second / 3600, 2) + ":" + digits(second / 60 % 60, 2) + ":"
                + digits(second % 60, 2) + "+07:00"
        }
    }
}
