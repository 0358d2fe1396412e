import Glibc

/// Estimates how often each level occurs with a record's own person (m), without being told who that is.
///
/// Expectation maximisation over records: each record has at most one person among its candidates, or none. u comes from
/// random pairs, and for numbers, which belong to one person each, from the candidates that are not the person: keys of
/// numbers find every near number. Candidates are gathered by many keys at once, so that no field's agreement is a
/// condition of being looked at; how many persons the keys miss is estimated beside it (`BlockedRecall`).
struct WeightEstimator {
    struct Outcome: Sendable {
        var m: LevelNumbers
        /// Other persons at a number's level, per record.
        var othersByNumber: [Double]
        /// The share of records whose person was found.
        var registered: Double
        var rounds: Int
        /// Whether the rounds came to rest before their limit.
        var isSettled: Bool
    }

    /// The candidates of each record that is not right.
    let records: [[LevelVector]]
    /// Persons of the register.
    let persons: Int
    /// u by level, of pairs.
    let u: LevelNumbers
    /// Records imagined beside the real ones: levels that the stream happens to lack keep a plausible share, and none
    /// becomes nought.
    var imagined = LevelNumbers.all(0.5)
    /// What the imagined records have of others at a number's level.
    var imaginedOthers = Array(repeating: 0.5, count: NumberAgreement.allCases.count)
    var imaginedCount = 0.0
    var roundLimit = 200
    /// The change of the largest probability at which it rests.
    var rest = 1e-5

    func run(from start: LevelNumbers, othersByNumber: [Double], each: (Int, Double) -> Void = { _, _ in }) -> Outcome {
        var outcome = Outcome(
            m: start, othersByNumber: othersByNumber, registered: 0.9, rounds: 0, isSettled: false)
        while outcome.rounds < roundLimit, !outcome.isSettled {
            let next = round(outcome)
            let change = outcome.m.largestChange(to: next.m)
            outcome = next
            outcome.isSettled = change < rest
            each(outcome.rounds, change)
        }
        return outcome
    }

    private func round(_ last: Outcome) -> Outcome {
        let weights = logWeights(last)
        let prior = log2(last.registered) - log2(Double(persons))
        var sums = imagined
        var others = Array(repeating: 0.0, count: NumberAgreement.allCases.count)
        var found = 0.0
        for candidates in records {
            let odds = candidates.map { exp2(min(200, prior + bits($0, weights))) }
            let total = odds.reduce(1 - last.registered, +)
            for (candidate, odds) in zip(candidates, odds) {
                let share = odds / total
                sums.add(candidate, share)
                others[Int(candidate.number)] += 1 - share
                found += share
            }
        }
        let count = Double(max(records.count, 1))
        return Outcome(
            m: sums.shares, othersByNumber: zip(others, imaginedOthers).map { ($0 + $1) / (count + imaginedCount) },
            registered: min(0.999, max(0.001, found / count)), rounds: last.rounds + 1, isSettled: false)
    }

    /// How likely a record's candidates are, under an outcome.
    func shares(_ outcome: Outcome) -> [[Double]] {
        let weights = logWeights(outcome)
        let prior = log2(outcome.registered) - log2(Double(persons))
        return records.map { candidates in
            let odds = candidates.map { exp2(min(200, prior + bits($0, weights))) }
            let total = odds.reduce(1 - outcome.registered, +)
            return odds.map { $0 / total }
        }
    }

    private func logWeights(_ outcome: Outcome) -> LevelNumbers {
        func weights(_ m: [Double], _ u: [Double]) -> [Double] {
            zip(m.dropLast(), u.dropLast()).map { log2($0 / min(1, max($1, 1e-12))) } + [0]
        }
        let numberU = NumberAgreement.allCases.map { level in
            level.isNear ? outcome.othersByNumber[Int(level.rawValue)] / Double(persons) : u.number[Int(level.rawValue)]
        }
        return LevelNumbers(
            name: weights(outcome.m.name, u.name), number: weights(outcome.m.number, numberU),
            date: weights(outcome.m.date, u.date), sex: weights(outcome.m.sex, u.sex))
    }

    private func bits(_ vector: LevelVector, _ weights: LevelNumbers) -> Double {
        let (date, sex) = (weights.date[Int(vector.date)], weights.sex[Int(vector.sex)])
        return weights.name[Int(vector.name)] + weights.number[Int(vector.number)] + date + sex
            + Scoring.overlap(vector.shared, date: date, sex: sex) + Double(vector.frequency)
    }
}

/// How many persons the keys miss, told without knowing anybody: number keys and date-and-name keys find persons
/// independently of each other, more or less, so those that only one of them found tell how many neither did
/// (Lincoln and Petersen's estimate).
struct BlockedRecall: Sendable {
    let both: Double
    let numberOnly: Double
    let dateNameOnly: Double

    var share: Double {
        let seen = both + numberOnly + dateNameOnly
        guard both > 0, seen > 0 else { return 0 }
        return seen / (seen + numberOnly * dateNameOnly / both)
    }

    init(_ records: [[LevelVector]], shares: [[Double]]) {
        var (both, numberOnly, dateNameOnly) = (0.0, 0.0, 0.0)
        for (candidates, shares) in zip(records, shares) {
            for (candidate, share) in zip(candidates, shares) {
                let byNumber = candidate.ways.contains(.number)
                let byDateName = !candidate.ways.isDisjoint(with: [.dateName, .widened])
                if byNumber, byDateName {
                    both += share
                } else if byNumber {
                    numberOnly += share
                } else {
                    dateNameOnly += share
                }
            }
        }
        (self.both, self.numberOnly, self.dateNameOnly) = (both, numberOnly, dateNameOnly)
    }
}
