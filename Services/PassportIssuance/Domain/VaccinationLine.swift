import RecordModel

/// A person's signed doses, which may come from several facilities and subjects.
struct VaccinationLine: Sendable {
    struct Dose: Sendable, Equatable {
        var doseID: DoseID
        var version: UInt32
        var facilityCode: String
        var sourceRecordID: String
        var face: PassportFace
    }

    /// How signed doses of one person contradict each other.
    enum Contradiction: String, Sendable, Equatable {
        /// Two doses of one number.
        case sameNumber = "same-number"
        /// A later number was given on an earlier day.
        case order
        /// Less than fourteen days between two doses.
        case tooClose = "too-close"
    }

    /// Sorted by day, then number, then id.
    let doses: [Dose]
    /// The least number of days between two doses.
    static let leastDaysApart = 14

    init(_ doses: [Dose]) {
        self.doses = doses.sorted {
            ($0.face.injectedOn, $0.face.doseNumber, $0.doseID) < ($1.face.injectedOn, $1.face.doseNumber, $1.doseID)
        }
    }

    /// The first contradiction among the doses, or nil. While there is one nobody knows which dose is wrong, so nothing
    /// new is issued.
    var contradiction: Contradiction? {
        let numbers = doses.map(\.face.doseNumber)
        if Set(numbers).count < numbers.count { return .sameNumber }
        if zip(numbers, numbers.dropFirst()).contains(where: { $0 > $1 }) { return .order }
        let days = zip(doses, doses.dropFirst()).map { $0.face.injectedOn.days(to: $1.face.injectedOn) }
        return days.contains { $0 < Self.leastDaysApart } ? .tooClose : nil
    }

    /// The dose that the passport shows: the newest.
    var newest: Dose? { doses.last }

    /// `sd`, the doses of the course (passport-format.md §2.3): of the product that the course began with, as far as its
    /// first dose is signed, else of the product shown. After a course of one dose every further one is 2/1, 3/1; after
    /// a longer course a booster counts itself: 3/3, 4/4.
    func seriesDoses(of shown: Dose) -> Int {
        let first = doses.first { $0.face.doseNumber == 1 } ?? shown
        let course = first.face.vaccine.primaryCourse
        return course == 1 ? 1 : max(course, shown.face.doseNumber)
    }
}
