import RecordModel

/// Looks for who a record could be; one worker serves one thread and keeps its buffers.
struct SearchWorker {
    /// Persons under one key above which the key is left out.
    static let cap = 512
    /// The same once the first look-ups found nobody convincing.
    static let widerCap = 4_096
    /// Persons whose names are compared.
    static let compared = 64
    /// Persons whose frequencies are weighed.
    static let weighed = 12
    static let named = 5

    let index: RegisterIndex
    let weights: Weights
    private var scoring: Scoring
    private var gathering: Gathering
    private var preparer: NamePreparer

    /// - Parameter rules: the standing set, by which names are read on both sides.
    init(_ index: RegisterIndex, _ weights: Weights, rules: RuleSet = .first) {
        self.index = index
        self.weights = weights
        preparer = NamePreparer(rules: rules)
        scoring = Scoring(index, weights, rules: rules)
        gathering = Gathering(index, cap: Self.cap)
    }

    /// The answer to one record. Never fails, whatever was typed; the same record and index give the same answer.
    mutating func suggest(_ typed: TypedItems, commune: String = "", name: PreparedName? = nil) -> Suggestion {
        let query = SearchQuery(typed, commune: commune, name: name, preparer: &preparer)
        let (ranked, holders) = rank(query)
        var suggestion = SuggestionMaker(index: index, weights: weights).suggestion(query, ranked, holders)
        suggestion.keysLeftOut = gathering.keysLeftOut
        return suggestion
    }

    /// Reads a record.
    mutating func query(_ typed: TypedItems, commune: String = "") -> SearchQuery {
        SearchQuery(typed, commune: commune, preparer: &preparer)
    }

    /// One person compared with a record, however far they are from each other.
    mutating func compare(_ query: SearchQuery, with ordinal: UInt32) -> ScoredPerson {
        scoring.score(
            ordinal, index.person(ordinal), ways: [], query, holders: Self.holders(of: query.number, in: index))
    }

    /// Everybody found and weighed, best first.
    mutating func rank(_ query: SearchQuery) -> ([ScoredPerson], holders: [UInt32]) {
        gathering.begin()
        Lookups.first(query, index, into: &gathering)
        let holders = Self.holders(of: query.number, in: index)
        var ranked = weigh(query, holders)
        if (ranked.first?.weight(prior: weights.prior) ?? -.infinity) < weights.strengths.likely + Self.convincing {
            Lookups.wider(query, index, into: &gathering)
            ranked = weigh(query, holders)
        }
        return (ranked, holders.map(\.ordinal))
    }

    /// Bits above likely at which no wider keys are tried.
    private static let convincing = 4.0

    private static func holders(
        of reading: NumberReading, in index: RegisterIndex
    ) -> [(ordinal: UInt32, commune: UInt32?)] {
        reading.forms.flatMap { index.holders(of: $0.number) }.map { ($0, index.person($0).commune) }
    }

    private mutating func weigh(
        _ query: SearchQuery, _ holders: [(ordinal: UInt32, commune: UInt32?)]
    ) -> [ScoredPerson] {
        let found = gathering.persons()
        var scored: [ScoredPerson] = []
        scored.reserveCapacity(min(found.count, Self.compared))
        if found.count <= Self.compared {
            for entry in found {
                scored.append(
                    scoring.score(entry.ordinal, index.person(entry.ordinal), ways: entry.ways, query, holders: holders)
                )
            }
        } else {
            for (entry, person) in nearest(query, found) {
                scored.append(scoring.score(entry.ordinal, person, ways: entry.ways, query, holders: holders))
            }
        }
        sort(&scored)
        if scored.count > Self.weighed { scored.removeLast(scored.count - Self.weighed) }
        for place in scored.indices { scoring.weighFrequencies(&scored[place]) }
        sort(&scored)
        return scored
    }

    private func nearest(
        _ query: SearchQuery, _ found: [(ordinal: UInt32, ways: Gathering.Way)]
    ) -> [((ordinal: UInt32, ways: Gathering.Way), PersonRow)] {
        let keys = query.name.readings.first?.keys ?? NameKeys()
        let marks = (
            given: UInt8(truncatingIfNeeded: keys.given >> 24),
            others: UInt8(truncatingIfNeeded: keys.surnameAndMiddle >> 24)
        )
        var glanced: [(points: Int, place: Int, person: PersonRow)] = []
        glanced.reserveCapacity(found.count)
        for (place, entry) in found.enumerated() {
            let person = index.person(entry.ordinal)
            glanced.append((Scoring.glance(query, marks, person), place, person))
        }
        glanced.sort { ($0.points, $1.place) > ($1.points, $0.place) }
        return glanced.prefix(Self.compared).map { (found[$0.place], $0.person) }
    }

    /// Heaviest first; equal weights by personal number, then by place.
    private func sort(_ scored: inout [ScoredPerson]) {
        let prior = weights.prior
        scored.sort { left, right in
            let (one, other) = (left.weight(prior: prior), right.weight(prior: prior))
            if one != other { return one > other }
            return (left.person.number.bits, left.ordinal) < (right.person.number.bits, right.ordinal)
        }
    }
}
