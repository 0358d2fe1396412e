import Glibc
import Observability

/// What the estimator learns from: the candidates of records that are not right, and random pairs.
struct EstimationSample {
    private let search: CandidateSearch
    private let limit: Int
    private(set) var records: [[LevelVector]] = []
    private var queries: [TypedItems] = []

    init(_ search: CandidateSearch, limit: Int) {
        self.search = search
        self.limit = limit
    }

    mutating func add(_ typed: [TypedItems]) {
        guard records.count < limit else { return }
        var worker = search.worker()
        for items in typed where records.count < limit {
            let (ranked, _) = worker.rank(worker.query(items))
            let vectors = ranked.map { LevelVector($0) }
            if vectors.contains(where: \.isRight) { continue }
            records.append(vectors)
            queries.append(items)
        }
    }

    func estimate(pairs: Int, startingFrom table: WeightTable, _ log: Log) -> (WeightEstimator.Outcome, u: LevelNumbers)
    {
        let u = randomPairs(pairs)
        var estimator = WeightEstimator(records: records, persons: search.index.count, u: u)
        imagine(in: &estimator, as: table)
        var start = LevelNumbers.all(0)
        for candidates in records { if let first = candidates.first { start.add(first, 1) } }
        start.add(LevelVector(name: .same, number: .same, date: .same, sex: .same), 1)
        start = smoothed(start).shares
        let outcome = estimator.run(
            from: start, othersByNumber: Array(repeating: 0.05, count: NumberAgreement.allCases.count)
        ) { round, change in
            if round % 10 == 0 { log.info("round", ["round": .int(round), "change": .double(change)]) }
        }
        let recall = BlockedRecall(records, shares: estimator.shares(outcome))
        log.info(
            "estimated",
            [
                "records": .int(records.count), "rounds": .int(outcome.rounds), "settled": .bool(outcome.isSettled),
                "found": .double(outcome.registered), "blocked_recall": .double(recall.share),
                "by_both_keys": .int(Int(recall.both)), "by_number_keys_only": .int(Int(recall.numberOnly)),
                "by_date_and_name_keys_only": .int(Int(recall.dateNameOnly)),
            ])
        return (outcome, u)
    }

    /// One imagined record to five real ones, with the levels of the table to start from.
    private func imagine(in estimator: inout WeightEstimator, as table: WeightTable) {
        let count = Double(records.count) / 5
        func counts(_ levels: [WeightTable.Level], _ names: [String]) -> [Double] {
            let shares = names.dropLast().map { name in levels.first { $0.level == name }?.m ?? 0 }
            let sum = shares.reduce(0, +)
            return shares.map { 0.5 + $0 / sum * count } + [0.5]
        }
        let numbers = NumberAgreement.allCases.map(\.label)
        estimator.imagined = LevelNumbers(
            name: counts(table.name, NameAgreement.allCases.map { "\($0)" }), number: counts(table.idNumber, numbers),
            date: counts(table.dateOfBirth, DateAgreement.allCases.map(\.label)),
            sex: counts(table.sex, SexAgreement.allCases.map(\.label)))
        estimator.imaginedCount = count
        estimator.imaginedOthers = numbers.map { name in
            0.5 + count * (table.idNumber.first { $0.level == name }.map { $0.per == .register ? $0.u : 0 } ?? 0)
        }
    }

    private func smoothed(_ numbers: LevelNumbers) -> LevelNumbers {
        LevelNumbers(
            name: numbers.name.map { $0 + 1 }, number: numbers.number.map { $0 + 1 }, date: numbers.date.map { $0 + 1 },
            sex: numbers.sex.map { $0 + 1 })
    }

    /// Levels of records with anybody: shares of pairs. The same sample every time.
    func randomPairs(_ count: Int) -> LevelNumbers {
        var worker = search.worker()
        var sums = LevelNumbers.all(0.5)
        var random = SplitMix(state: 20_220_415)
        let perRecord = max(1, count / max(1, queries.count))
        var made = 0
        for typed in queries where made < count {
            let query = worker.query(typed)
            for _ in 0..<perRecord {
                let ordinal = UInt32(truncatingIfNeeded: random.next() % UInt64(search.index.count))
                sums.add(LevelVector(worker.compare(query, with: ordinal)), 1)
                made += 1
            }
        }
        return sums.shares
    }

    // MARK: The table

    /// Puts m and u into the table; which levels depend on frequencies is the table's own choice.
    func put(_ made: WeightEstimator.Outcome, _ u: LevelNumbers, into table: inout WeightTable) {
        func fill(_ levels: inout [WeightTable.Level], _ names: [String], _ m: [Double], _ u: [Double]) {
            for (place, name) in names.enumerated() {
                guard let found = levels.firstIndex(where: { $0.level == name }) else { continue }
                levels[found].m = Self.rounded(m[place])
                levels[found].u = Self.rounded(u[place])
            }
        }
        fill(&table.name, NameAgreement.allCases.map { "\($0)" }, made.m.name, u.name)
        fill(&table.dateOfBirth, DateAgreement.allCases.map(\.label), made.m.date, u.date)
        fill(&table.sex, SexAgreement.allCases.map(\.label), made.m.sex, u.sex)
        let numberU = NumberAgreement.allCases.map { level in
            level.isNear ? made.othersByNumber[Int(level.rawValue)] : u.number[Int(level.rawValue)]
        }
        fill(&table.idNumber, NumberAgreement.allCases.map(\.label), made.m.number, numberU)
        Self.keepInOrder(&table.name)
        for (place, level) in NumberAgreement.allCases.enumerated() {
            if let found = table.idNumber.firstIndex(where: { $0.level == level.label }) {
                table.idNumber[found].per = NumberAgreement.allCases[place].isNear ? .register : nil
            }
        }
        table.registered = Self.rounded(made.registered)
        table.means = FrequencyMeans.measure(search.index)
    }

    /// Levels at which what was typed may be another registered name (Hoa for Hoà) never weigh as much as the same name
    /// does: means over all names would let a rare kind of agreement outweigh equality.
    private static func keepInOrder(_ levels: inout [WeightTable.Level]) {
        guard let same = levels.first(where: { $0.level == "\(NameAgreement.same)" }) else { return }
        let near: [NameAgreement] = [.toneByEar, .toneDiffers, .diacriticsDiffer, .orderDiffers, .soundsAlike]
        for level in near {
            guard let place = levels.firstIndex(where: { $0.level == "\(level)" }) else { continue }
            let least = levels[place].m / same.m * same.u * leastRatio
            levels[place].u = rounded(max(levels[place].u, least))
        }
    }

    /// A bit and a half.
    private static let leastRatio = 2.83

    /// Four digits that count.
    private static func rounded(_ value: Double) -> Double {
        guard value > 0 else { return value }
        let scale = pow(10, 3 - floor(log10(value)))
        return (value * scale).rounded() / scale
    }
}

/// How common a value is on average among pairs of persons, measured in a register.
enum FrequencyMeans {
    static func measure(_ index: RegisterIndex, sample: Int = 20_000) -> WeightTable.Means {
        var reader = RegisterNameReader()
        var (whole, given, surname, date, names, dates) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        let step = max(1, index.count / sample)
        for ordinal in stride(from: 0, to: index.count, by: step) {
            let person = index.person(UInt32(ordinal))
            let keys = index.withName(of: person) { reader.keys($0) }
            if keys.sound != 0 {
                names += 1
                whole += Double(index.count(.name, DateNameKeys.name(keys.sound)))
                given += Double(index.vocabulary.persons(withGiven: keys.given))
                surname += Double(index.vocabulary.persons(withSurname: keys.surname))
            }
            if person.date.isFull {
                dates += 1
                date += Double(index.count(.birthDate, DateNameKeys.birthDate(person.date)))
            }
        }
        func mean(_ sum: Double, _ count: Double) -> Double { max(1e-9, sum / max(count, 1) / Double(index.count)) }
        return WeightTable.Means(
            whole: mean(whole, names), given: mean(given, names), surname: mean(surname, names),
            birthDate: mean(date, dates))
    }
}

/// A small generator of numbers, the same for the same start.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
