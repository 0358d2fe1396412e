import Observability
import RecordModel
import ServiceRuntime
import Storage
import Synchronization

/// An opened index of one generation's persons.
protocol CandidateIndex: Sendable {
    /// Who each record could be, in the order of the records.
    /// - Parameter rules: the standing set, by which names are read on both sides.
    func suggest(_ records: [SoughtRecord], rules: RuleSet) -> [Suggestion]
}

/// How index files are made and opened.
protocol CandidateIndexing: Sendable {
    /// - Throws: for a file that is not there, cut, damaged, or of another version.
    func open(_ path: String, generation: Int32) throws -> any CandidateIndex

    /// Makes the file in one step: there is no half of it.
    func build(_ path: String, generation: Int32, from persons: IndexedPersons) throws
}

/// The candidate indexes of this host: one file a generation beside its table, mapped into memory, shared by the
/// instances of a host. Whoever finds none builds it from the table; the others wait for the file.
///
/// How it fails: VERIFY never waits for an index and never fails for the lack of one. While a generation's index is not at
/// hand its findings are told without candidates; they are counted, the background task says why on the status page, and
/// once the index is there they are looked for again (see `OwedCandidates`).
final class RegisterIndexes: CandidateSource {
    /// Why a generation has no index here.
    struct Missing: Error, CustomStringConvertible {
        let generation: Int32
        let reason: String
        var description: String { "candidates cannot be looked for in register generation \(generation): \(reason)" }
    }

    private struct State {
        var opened: [Int32: any CandidateIndex] = [:]
        var troubles: [Int32: String] = [:]
    }

    private let database: Database
    private let directory: String
    private let indexing: any CandidateIndexing
    private let log: Log
    private let state = Mutex(State())
    private let withoutIndex: Counter
    private let isOpen: Gauge

    /// - Parameter directory: where the files are, with nothing else in it; made if it is not there, for this user alone.
    init(
        database: Database, directory: String, indexing: any CandidateIndexing, log: Log, metrics: MetricsRegistry
    ) {
        self.database = database
        self.directory = directory
        self.indexing = indexing
        self.log = log
        withoutIndex = metrics.counter(
            "identity_matching_findings_without_candidates_total",
            help: "Records answered as not right while the generation's candidate index was not at hand.")
        isOpen = metrics.gauge(
            "identity_matching_candidate_index_ready", help: "1 while the standing generation's index is open.")
    }

    // MARK: Looking

    func index(of generation: Int32) -> (any CandidateIndex)? { state.withLock { $0.opened[generation] } }

    func candidates(for records: [SoughtRecord], of standing: StandingRegister) -> [Candidates]? {
        guard let index = index(of: standing.generation) else {
            withoutIndex.add(records.count)
            return nil
        }
        return index.suggest(records, rules: standing.rules).map(\.stored)
    }

    /// Why candidates cannot be looked for; nil when they can, or nothing stands.
    var trouble: String? {
        state.withLock {
            $0.troubles.min { $0.key < $1.key }.map { Missing(generation: $0.key, reason: $0.value).description }
        }
    }

    // MARK: Having

    /// Opens the index of a generation; builds it first where there is none, or none that is whole. Blocks.
    ///
    /// - Parameter stop: gives up waiting for another instance that builds.
    /// - Throws: `Missing`.
    func ensure(_ generation: Int32, until stop: StopSignal = StopSignal()) throws {
        if index(of: generation) != nil { return }
        let snapshot = try snapshot(of: generation)
        do {
            try IndexFiles.makeDirectory(directory)
            let path = IndexFiles.path(in: directory, generation: generation, snapshot: snapshot)
            let index = try IndexFiles.withLock(on: path, until: stop) { try openOrBuild(path, generation) }
            state.withLock {
                $0.opened[generation] = index
                $0.troubles[generation] = nil
            }
        } catch {
            state.withLock { $0.troubles[generation] = "\(error)" }
            log.warning(
                "no candidate index", ["generation": .int(Int(generation)), "error": .error(error)])
            throw Missing(generation: generation, reason: "\(error)")
        }
    }

    private func openOrBuild(_ path: String, _ generation: Int32) throws -> any CandidateIndex {
        if IndexFiles.exists(path) {
            do {
                return try indexing.open(path, generation: generation)
            } catch {
                log.warning(
                    "a candidate index cannot be used; it is built again",
                    ["generation": .int(Int(generation)), "error": .error(error)])
                IndexFiles.remove(path)
            }
        }
        let started = ContinuousClock.now
        try indexing.build(
            path, generation: generation, from: IndexedPersons(database: database, generation: generation))
        let index = try indexing.open(path, generation: generation)
        log.info(
            "candidate index built",
            [
                "generation": .int(Int(generation)), "bytes": .int(IndexFiles.size(path)),
                "milliseconds": .int(Int(started.duration(to: .now) / .milliseconds(1))),
            ])
        return index
    }

    /// The mark of a generation that can be used.
    private func snapshot(of generation: Int32) throws -> SnapshotID {
        let found = try database.withConnection { connection in
            try connection.query(
                "SELECT snapshot FROM register_generation WHERE generation = $1 AND state = 'ready'",
                [.int4(generation)]
            ) { $0.uuid(0, as: SnapshotID.self) }
        }
        guard let snapshot = found.first else { throw Missing(generation: generation, reason: "it is not ready") }
        return snapshot
    }

    // MARK: Keeping up

    /// Has the indexes of the generations in use, until the service stops.
    /// - Throws: `Missing`; called again after a pause.
    func run(until stop: StopSignal) throws {
        while !stop.isGiven {
            try keepUp(until: stop)
            if stop.wait(seconds: 1) { return }
        }
    }

    /// Opens the indexes of the standing generation, of the one before it and of those loaded after it, and lets go of all
    /// others. Then looks for candidates that are owed.
    func keepUp(until stop: StopSignal) throws {
        let (wanted, standing) = try generations()
        let gone = state.withLock { state -> [Int32] in
            state.troubles = state.troubles.filter { wanted.contains($0.key) }
            let gone = state.opened.keys.filter { !wanted.contains($0) }
            for generation in gone { state.opened[generation] = nil }
            return gone
        }
        for generation in gone { log.info("candidate index let go", ["generation": .int(Int(generation))]) }
        isOpen.set(standing.map { index(of: $0) == nil } ?? true ? 0 : 1)
        for generation in wanted where !stop.isGiven { try ensure(generation, until: stop) }
        try removeFiles(except: wanted)
        isOpen.set(standing == nil ? 0 : 1)
    }

    /// What is wanted, the standing generation first.
    private func generations() throws -> (wanted: [Int32], standing: Int32?) {
        try database.withConnection { connection in
            let state = try connection.query(
                "SELECT active_generation, previous_generation FROM register_state", []
            ) { ($0.optionalInt4(0), $0.optionalInt4(1)) }[0]
            let next = try connection.query(
                "SELECT generation FROM register_generation WHERE state = 'ready' AND generation > $1 ORDER BY generation DESC LIMIT 1",
                [.int4(state.0 ?? 0)]
            ) { $0.int4(0) }
            return ([state.0, next.first, state.1].compactMap { $0 }, state.0)
        }
    }

    /// Files of generations that nobody can go back to.
    private func removeFiles(except wanted: [Int32]) throws {
        let dropped = try database.withConnection { connection in
            try connection.query(
                "SELECT generation, snapshot FROM register_generation WHERE state IN ('dropped', 'failed') ORDER BY generation DESC LIMIT 50",
                []
            ) { ($0.int4(0), $0.uuid(1, as: SnapshotID.self)) }
        }
        for (generation, snapshot) in dropped {
            let path = IndexFiles.path(in: directory, generation: generation, snapshot: snapshot)
            for file in IndexFiles.all(of: path) where IndexFiles.exists(file) { IndexFiles.remove(file) }
        }
    }
}
