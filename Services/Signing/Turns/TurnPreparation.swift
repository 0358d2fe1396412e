import Cryptography
import RecordModel
import Storage

/// What a facility asks to have prepared.
struct TurnRequest: Hashable, Sendable {
    var unitCode: String
    /// The doses that were ticked; nil: whatever can be signed.
    var doseIDs: [DoseID]?
    /// Injection dates, both ends included.
    var from: CalendarDate?
    var to: CalendarDate?
    /// How many persons at most; nil: as many as a turn holds.
    var persons: Int?
    /// The account that prepares.
    var preparedBy: String
}

/// Why no turn was prepared.
enum TurnPreparationRefusal: Error, Hashable, Sendable {
    /// More persons than a turn holds (SIG-14).
    case tooManyPersons(Int, limit: Int)
    /// More doses of one person than the letters allow (SIG-14).
    case tooManyDosesOfAPerson(limit: Int)
    /// Doses that were given elsewhere (SIG-12).
    case foreignDoses([DoseID])
    /// Doses that cannot be signed now, or are not known.
    case notSignable([DoseID])
    case nothingToSign
}

/// Prepares a turn (lượt ký): fixes the doses and the bytes to be signed. It reserves nothing: a dose may be in several
/// prepared turns, and the first signature attests it.
struct TurnPreparation {
    let limits: SigningLimits

    /// Returns the turn as stored; throws `TurnPreparationRefusal`.
    func prepare(_ request: TurnRequest, at now: Instant, in tx: some SQLSession) throws -> TurnRow {
        let persons = request.persons ?? limits.persons
        guard persons <= limits.persons else {
            throw TurnPreparationRefusal.tooManyPersons(persons, limit: limits.persons)
        }
        try tx.run(ExpireTurns(now: now))
        let manifest =
            if let named = request.doseIDs {
                try selectNamed(named, unitCode: request.unitCode, in: tx)
            } else {
                try select(request, persons: persons, in: tx)
            }
        guard !manifest.lines.isEmpty else { throw TurnPreparationRefusal.nothingToSign }
        let bytes = manifest.bytes
        let turnID = TurnID.random()
        try tx.run(
            InsertTurn(
                turnID: turnID, unitCode: request.unitCode, persons: manifest.persons, doses: manifest.lines.count,
                preparedBy: request.preparedBy, preparedAt: now, expiresAt: now.adding(seconds: limits.turnLifetime),
                manifestSHA256: SHA256.hash(bytes), manifest: bytes))
        return try tx.run(TurnByID(turnID: turnID))[0]
    }

    private func select(_ request: TurnRequest, persons: Int, in tx: some SQLSession) throws -> Manifest {
        var selection = TurnSelection(persons: persons, dosesPerPerson: limits.dosesPerPerson)
        var after = (PersonKey(high: 0, low: 0), DoseID(high: 0, low: 0))
        let page = persons * limits.dosesPerPerson + 1
        while true {
            let candidates = try tx.run(
                CandidatesOfUnit(
                    unitCode: request.unitCode, after: after, from: request.from, to: request.to, limit: page))
            for candidate in candidates where !selection.add(candidate) {
                return Manifest(lines: selection.finish())
            }
            guard candidates.count == page, let last = candidates.last else {
                return Manifest(lines: selection.finish())
            }
            after = (last.personKey, last.doseID)
        }
    }

    private func selectNamed(_ doseIDs: [DoseID], unitCode: String, in tx: some SQLSession) throws -> Manifest {
        let wanted = Set(doseIDs)
        guard wanted.count <= limits.persons * limits.dosesPerPerson else {
            let atLeast = (wanted.count + limits.dosesPerPerson - 1) / limits.dosesPerPerson
            throw TurnPreparationRefusal.tooManyPersons(atLeast, limit: limits.persons)
        }
        var signable: [TurnCandidate] = []
        var foreign: [DoseID] = []
        var unknown = wanted
        for dose in try tx.run(NamedCandidates(doseIDs: wanted.sorted(), unitCode: unitCode)) {
            switch dose {
            case .signable(let candidate):
                signable.append(candidate)
                unknown.remove(candidate.doseID)
            case .foreign(let doseID): foreign.append(doseID)
            case .notSignable: break
            }
        }
        guard foreign.isEmpty else { throw TurnPreparationRefusal.foreignDoses(foreign.sorted()) }
        guard unknown.isEmpty else { throw TurnPreparationRefusal.notSignable(unknown.sorted()) }
        var selection = TurnSelection(persons: limits.persons, dosesPerPerson: limits.dosesPerPerson)
        for candidate in signable where !selection.add(candidate) {
            let persons = Set(signable.lazy.map(\.personKey)).count
            throw TurnPreparationRefusal.tooManyPersons(persons, limit: limits.persons)
        }
        let lines = selection.finish()
        guard selection.leftOver == 0 else {
            throw TurnPreparationRefusal.tooManyDosesOfAPerson(limit: limits.dosesPerPerson)
        }
        return Manifest(lines: lines)
    }
}
