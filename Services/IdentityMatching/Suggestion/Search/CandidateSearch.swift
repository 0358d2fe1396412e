import Synchronization

/// SUGGEST: who could a record be, and what is likely wrong with it. It never decides.
///
/// One record over HTTP and whole batches of the stream take the same way; a batch is parted over the cores, on threads of its
/// own that stand back behind all others.
struct CandidateSearch: CandidateIndex {
    let index: RegisterIndex
    let weights: Weights
    private static let part = 64

    init(index: RegisterIndex, table: WeightTable = .standard) {
        self.index = index
        weights = Weights(
            table, persons: index.count, density: NumberDensity.measure(index),
            sameCommune: RelativeWeights.sameCommune(index))
    }

    /// A worker for a thread of its own.
    func worker(rules: RuleSet = .first) -> SearchWorker { SearchWorker(index, weights, rules: rules) }

    /// The answer to one record.
    ///
    /// - Parameter commune: of residence, as the record has it; empty where it has none.
    func suggest(_ record: TypedItems, commune: String = "") -> Suggestion {
        var worker = worker()
        return worker.suggest(record, commune: commune)
    }

    /// The answers in the order of the records.
    func suggest(_ records: [TypedItems]) -> [Suggestion] { suggest(records, communes: []) }

    /// The answers in the order of the records. Waterfalls are made for a record that is asked for alone; of many, nobody
    /// reads them.
    ///
    /// - Parameter communes: of residence, one for each record, or none at all.
    func suggest(_ records: [TypedItems], communes: [String]) -> [Suggestion] {
        let sought = records.indices.map {
            SoughtRecord(typed: records[$0], commune: $0 < communes.count ? communes[$0] : "")
        }
        return suggest(sought, rules: .first)
    }

    /// The answers in the order of the records.
    ///
    /// - Parameter rules: the standing set, by which names are read on both sides.
    func suggest(_ records: [SoughtRecord], rules: RuleSet) -> [Suggestion] {
        @Sendable func answer(_ worker: inout SearchWorker, _ place: Int) -> Suggestion {
            let record = records[place]
            return worker.suggest(
                record.typed, commune: record.commune, name: record.name, isExplained: records.count == 1)
        }
        guard records.count > Self.part else {
            var worker = worker(rules: rules)
            return records.indices.map { answer(&worker, $0) }
        }
        let parts = (records.count + Self.part - 1) / Self.part
        let answers = Mutex<[[Suggestion]]>(Array(repeating: [], count: parts))
        let next = Atomic<Int>(0)
        Parallelism.run {
            var worker = worker(rules: rules)
            while true {
                let part = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard part < parts else { return }
                let start = part * Self.part
                let made = (start..<min(records.count, start + Self.part)).map { answer(&worker, $0) }
                answers.withLock { $0[part] = made }
            }
        }
        return answers.withLock { $0.flatMap { $0 } }
    }
}
