import Dispatch
import Glibc
import Observability
import RecordModel
import ServiceRuntime
import Synchronization

/// `identity-matching benchmark`: the search's figures over plain files, one JSON object on standard output.
///
/// Size and time of the index, one record at a time (alone, and beside a thread that verifies through the same index), and
/// whole batches over all cores. Times depend on the machine: compare ratios within one run.
enum BenchmarkCommand {
    enum Settings {
        static let records = Setting.text(
            "RECORDS",
            help: "Dose records, a CSV or NDJSON file; only what is made of the register is measured if empty.")
        static let most = Setting.integer(
            "RECORDS_LIMIT", default: 100_000, in: 100...10_000_000, help: "Records to measure with.")
        static let built = Setting.flag(
            "REUSE_INDEX", default: false, help: "Take the index file at --index as it is.")
    }

    static let subcommand = Subcommand(
        "benchmark", summary: "Measures index and search over plain files; prints JSON.",
        settings: [
            EvaluateCommand.Settings.register, Settings.records, EvaluateCommand.Settings.weights,
            EvaluateCommand.Settings.index, Settings.most, Settings.built,
        ]
    ) { configuration, log in
        let table = try EvaluateCommand.weightTable(configuration[EvaluateCommand.Settings.weights])
        let kept = configuration[EvaluateCommand.Settings.index]
        let folder = kept.isEmpty ? try TemporaryFolder() : nil
        defer { folder?.remove(["register.index", "register.index.building"]) }
        let path = folder.map { $0.path + "/register.index" } ?? kept
        let clock = ContinuousClock()
        var built = Duration.zero
        let index: RegisterIndex
        if configuration[Settings.built] {
            index = try RegisterIndex(path: path)
        } else {
            let started = clock.now
            index = try RegisterFile.makeIndex(of: configuration[EvaluateCommand.Settings.register], at: path).index
            built = started.duration(to: clock.now)
        }
        let opening = clock.now
        let search = CandidateSearch(index: try RegisterIndex(path: path), table: table)
        let opened = opening.duration(to: clock.now)
        let summing = clock.now
        try index.verify()
        let summed = summing.duration(to: clock.now)
        var records: [RecordFile.Record] = []
        let most = configuration[Settings.most]
        let file = configuration[Settings.records]
        if !file.isEmpty {
            _ = try RecordFile.forEachPart(file, of: 4_096) { part in
                for record in part where records.count < most && record.typed.nationality.isEmpty {
                    records.append(record)
                }
            }
        }
        let runs = records.isEmpty ? nil : SearchRuns(search: search, records: records)
        let alone = runs?.oneByOne()
        let beside = runs?.besideVerifying()
        let batch = runs?.batches()
        let verifying = runs?.verifying()
        var json = JSONWriter()
        json.object { json in
            json.member("persons", index.count)
            json.member("index_bytes", index.size)
            json.member("bytes_per_person", index.size / index.count)
            json.member("gigabytes_at_100_million", Double(index.size) / Double(index.count) / 10)
            json.member("build_seconds", built / .seconds(1))
            json.member("open_milliseconds", opened / .milliseconds(1))
            json.member("checksum_seconds", summed / .seconds(1))
            if let alone, let beside, let batch, let verifying {
                json.member("records", records.count)
                alone.write("one", to: &json)
                beside.latencies.write("one_beside_verify", to: &json)
                json.member("verify_lookups_per_second_beside", beside.verified)
                json.member("batch_records_per_second", batch)
                json.member("verify_lookups_per_second", verifying)
                json.member("threads", Parallelism.width)
            }
        }
        try StandardOutput.write(json.bytes + [0x0A])
    }
}

/// Times in microseconds, sorted.
struct Latencies {
    private let sorted: [Double]

    init(_ times: [Duration]) { sorted = times.map { $0 / .microseconds(1) }.sorted() }

    func percentile(_ share: Double) -> Double {
        sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
    }

    func write(_ name: String, to json: inout JSONWriter) {
        for (label, share) in [("p50", 0.5), ("p99", 0.99), ("p999", 0.999)] {
            json.member("\(name)_\(label)_microseconds", (percentile(share) * 10).rounded() / 10)
        }
        json.member("\(name)_longest_microseconds", (percentile(1) * 10).rounded() / 10)
    }
}

/// The measured runs over one set of records.
struct SearchRuns: Sendable {
    let search: CandidateSearch
    let records: [RecordFile.Record]

    func oneByOne() -> Latencies {
        var worker = search.worker()
        let clock = ContinuousClock()
        var times: [Duration] = []
        times.reserveCapacity(records.count)
        for record in records {
            let started = clock.now
            _ = worker.suggest(record.typed, commune: record.commune)
            times.append(started.duration(to: clock.now))
        }
        return Latencies(times)
    }

    /// The same while another thread verifies without pause.
    func besideVerifying() -> (latencies: Latencies, verified: Int) {
        let isDone = Atomic<Bool>(false)
        let times = Mutex<Latencies?>(nil)
        let verified = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 2) { place in
            if place == 0 {
                let measured = oneByOne()
                times.withLock { $0 = measured }
                isDone.store(true, ordering: .releasing)
            } else {
                let clock = ContinuousClock()
                let started = clock.now
                var verifier = MappedVerify(index: search.index)
                var count = 0
                while !isDone.load(ordering: .acquiring) {
                    _ = verifier.isRight(records[count % records.count].typed)
                    count += 1
                }
                verified.store(Int(Double(count) / (started.duration(to: clock.now) / .seconds(1))), ordering: .relaxed)
            }
        }
        return (times.withLock { $0 } ?? Latencies([]), verified.load(ordering: .relaxed))
    }

    /// Records per second over all cores.
    func batches() -> Int {
        let clock = ContinuousClock()
        let started = clock.now
        for start in stride(from: 0, to: records.count, by: 4_096) {
            let part = records[start..<min(records.count, start + 4_096)]
            _ = search.suggest(part.map(\.typed), communes: part.map(\.commune))
        }
        return Int(Double(records.count) / (started.duration(to: clock.now) / .seconds(1)))
    }

    /// Records per second verified through the index on one thread, reading of the items included.
    func verifying() -> Int {
        var verifier = MappedVerify(index: search.index)
        let clock = ContinuousClock()
        let started = clock.now
        var right = 0
        for record in records where verifier.isRight(record.typed) { right += 1 }
        return Int(Double(records.count) / (started.duration(to: clock.now) / .seconds(1)))
    }
}

/// VERIFY's question asked of the index file instead of the table: what it would cost. Measured only; the service verifies
/// by set-wise SQL (see Suggestion/README.md for why).
struct MappedVerify {
    let index: RegisterIndex
    private var normaliser = NameNormaliser()

    init(index: RegisterIndex) { self.index = index }

    mutating func isRight(_ typed: TypedItems) -> Bool {
        let read = ReadItems(typed, normaliser: &normaliser)
        let number: PackedNumber
        switch read.number {
        case .personal(let id): number = PackedNumber(value: id, width: 12)
        case .old(let id): number = PackedNumber(value: Int64(id), width: 9)
        case .absent, .malformed: return false
        }
        guard case .known(let sex) = read.sex, case .known(let date) = read.birthDate else { return false }
        let name = normaliser.normalise(read.name)
        for ordinal in index.holders(of: number) {
            let person = index.person(ordinal)
            guard person.date == DateParts(date), person.sex == SexMark(sex) else { continue }
            let isSame = index.withName(of: person) { registered in
                var place = 0
                for byte in name.utf8 {
                    guard place < registered.count, registered[place] == byte else { return false }
                    place += 1
                }
                return place == registered.count
            }
            if isSame { return true }
        }
        return false
    }
}
