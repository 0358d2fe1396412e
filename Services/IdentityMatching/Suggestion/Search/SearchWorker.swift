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
    ///
    /// - Parameters:
    ///   - name: where it has been prepared already.
    ///   - isExplained: whether each candidate's waterfall is made.
    mutating func suggest(
        _ typed: TypedItems, commune: String = "", name: PreparedName? = nil, isExplained: Bool = true
    ) -> Suggestion {
        let query = query(typed, commune: commune, name: name)
        let (ranked, relatives) = rank(query)
        var suggestion = SuggestionMaker(index: index, weights: weights, isExplained: isExplained)
            .suggestion(query, ranked, relatives)
        suggestion.keysLeftOut = gathering.keysLeftOut
        return suggestion
    }

    /// Reads a record.
    mutating func query(_ typed: TypedItems, commune: String = "", name: PreparedName? = nil) -> SearchQuery {
        SearchQuery(typed, commune: commune, name: name, preparer: &preparer)
    }

    /// One person compared with a record, however far they are from each other.
    mutating func compare(_ query: SearchQuery, with ordinal: UInt32) -> ScoredPerson {
        scoring.begin()
        return scoring.score(ordinal, index.person(ordinal), ways: [], query, relatives: Relatives(query, index))
    }

    /// Everybody found and weighed, best first.
    mutating func rank(_ asked: SearchQuery) -> ([ScoredPerson], Relatives) {
        var query = asked
        gathering.begin()
        scoring.begin()
        Lookups.first(query, index, into: &gathering)
        var relatives = Relatives(query, index)
        var ranked = weigh(query, relatives)
        let first = ranked.first
        if (first?.weight(prior: weights.prior) ?? -.infinity) < weights.strengths.likely + Self.convincing {
            relatives.look(query, index)
            query.lookForSlips()
            Lookups.wider(query, communes(query, relatives, nil), index, into: &gathering)
            ranked = weigh(query, relatives)
        } else if let first, first.leavesItemOpen {
            // Somebody else of the household may be meant, or have lent the item.
            relatives.look(query, index)
            Lookups.households(query, communes(query, relatives, first), into: &gathering)
            ranked = weigh(query, relatives)
        }
        return (ranked, relatives)
    }

    /// Bits above likely at which no wider keys are tried.
    private static let convincing = 4.0

    /// Where the record's person may live: as the record says, and where those live at whom it points.
    private func communes(_ query: SearchQuery, _ relatives: Relatives, _ first: ScoredPerson?) -> [UInt32] {
        var communes: [UInt32] = []
        for commune in [query.commune, first?.person.commune] + relatives.holders.prefix(4).map(\.commune) {
            if let commune, !communes.contains(commune) { communes.append(commune) }
        }
        return communes
    }

    private mutating func weigh(_ query: SearchQuery, _ relatives: Relatives) -> [ScoredPerson] {
        var found = gathering.persons()
        if found.count > Self.compared { found = nearest(query, found, relatives) }
        var scored: [ScoredPerson] = []
        scored.reserveCapacity(found.count)
        for entry in found {
            let person = index.person(entry.ordinal)
            scored.append(scoring.score(entry.ordinal, person, ways: entry.ways, query, relatives: relatives))
        }
        sort(&scored)
        if scored.count > Self.weighed { scored.removeLast(scored.count - Self.weighed) }
        for place in scored.indices { scoring.weighFrequencies(&scored[place]) }
        sort(&scored)
        return onceEach(scored)
    }

    /// Those whom a glance puts first, as many as are compared.
    private func nearest(
        _ query: SearchQuery, _ found: [(ordinal: UInt32, ways: Gathering.Way)], _ relatives: Relatives
    ) -> [(ordinal: UInt32, ways: Gathering.Way)] {
        let glance = Glance(query, relatives)
        // Points above, then the earlier place.
        var glanced: [UInt64] = []
        glanced.reserveCapacity(found.count)
        for (place, entry) in found.enumerated() {
            let points = glance.points(index.person(entry.ordinal), entry.ways)
            glanced.append(UInt64(max(0, points + 64)) << 32 | UInt64(UInt32.max - UInt32(place)))
        }
        glanced.sort()
        return glanced.suffix(Self.compared).reversed().map { found[Int(UInt32.max - UInt32(truncatingIfNeeded: $0))] }
    }

    /// Nobody twice, where a register has two rows of one number: the heavier row stands.
    private func onceEach(_ ranked: [ScoredPerson]) -> [ScoredPerson] {
        var isFirst = [Bool](repeating: true, count: ranked.count)
        for place in ranked.indices.dropFirst() where !ranked[place].person.number.isAbsent {
            let number = ranked[place].person.number
            isFirst[place] = !ranked[..<place].contains { $0.person.number == number }
        }
        return isFirst.allSatisfy { $0 } ? ranked : zip(ranked, isFirst).filter(\.1).map(\.0)
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
