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

/// A turn just prepared.
struct PreparedTurn: Sendable {
    var turn: TurnRow
    /// Whether doses were left for another turn: the turn is full, or a person has more doses than a turn takes.
    var more: Bool
}

/// Prepares a turn (lượt ký): fixes the doses and the bytes to be signed. It reserves nothing: a dose may be in several
/// prepared turns, and the first signature attests it.
struct TurnPreparation {
    let limits: SigningLimits

    /// Returns the turn as stored; throws `TurnPreparationRefusal`.
    func prepare(_ request: TurnRequest, at now: Instant, in tx: some SQLSession) throws -> PreparedTurn {
        let persons = request.persons ?? limits.persons
        guard persons <= limits.persons else {
            throw TurnPreparationRefusal.tooManyPersons(persons, limit: limits.persons)
        }
        let (selection, more) =
            if let named = request.doseIDs {
                (try selectNamed(named, unitCode: request.unitCode, in: tx), false)
            } else {
                try select(request, persons: persons, in: tx)
            }
        guard !selection.lines.isEmpty else { throw TurnPreparationRefusal.nothingToSign }
        let manifest = Manifest(lines: selection.lines)
        let bytes = manifest.bytes
        let turn = TurnRow(
            turnID: TurnID.random(), unitCode: request.unitCode, state: .prepared, persons: manifest.persons,
            doses: manifest.lines.count, preparedBy: request.preparedBy, preparedAt: now,
            expiresAt: now.adding(seconds: limits.turnLifetime), manifestSHA256: SHA256.hash(bytes))
        try tx.run(InsertTurn(turn: turn, manifest: bytes, members: TurnMembers.bytes(selection.members)))
        return PreparedTurn(turn: turn, more: more)
    }

    private func select(
        _ request: TurnRequest, persons: Int, in tx: some SQLSession
    ) throws -> (TurnSelection, more: Bool) {
        var selection = TurnSelection(persons: persons, dosesPerPerson: limits.dosesPerPerson)
        let from = request.from?.iso ?? ""
        let to = request.to?.iso ?? "9999-12-31"
        var after = (PersonKey(high: 0, low: 0), DoseID(high: 0, low: 0))
        // Most persons have one or two doses: a page that ends before the turn is full is followed by another.
        let page = persons + persons / 2 + 1
        while true {
            let rows = try tx.run(
                CandidatesOfUnit(unitCode: request.unitCode, after: after, limit: page, numbers: limits.doseNumbers))
            for case let candidate? in rows.lazy.map(\.candidate)
            where candidate.injectedOn >= from && candidate.injectedOn <= to {
                guard selection.add(candidate) else {
                    selection.finish()
                    return (selection, true)
                }
            }
            guard rows.count == page, let last = rows.last else {
                selection.finish()
                return (selection, selection.leftOver > 0)
            }
            after = last.place
        }
    }

    private func selectNamed(_ doseIDs: [DoseID], unitCode: String, in tx: some SQLSession) throws -> TurnSelection {
        let wanted = Set(doseIDs)
        guard wanted.count <= limits.persons * limits.dosesPerPerson else {
            let atLeast = (wanted.count + limits.dosesPerPerson - 1) / limits.dosesPerPerson
            throw TurnPreparationRefusal.tooManyPersons(atLeast, limit: limits.persons)
        }
        var signable: [TurnCandidate] = []
        var foreign: [DoseID] = []
        var unknown = wanted
        for dose in try tx.run(
            NamedCandidates(doseIDs: wanted.sorted(), unitCode: unitCode, numbers: limits.doseNumbers))
        {
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
        signable.sort { ($0.member.personKey, $0.doseID) < ($1.member.personKey, $1.doseID) }
        var selection = TurnSelection(persons: limits.persons, dosesPerPerson: limits.dosesPerPerson)
        for candidate in signable where !selection.add(candidate) {
            let persons = Set(signable.lazy.map(\.member.personKey)).count
            throw TurnPreparationRefusal.tooManyPersons(persons, limit: limits.persons)
        }
        selection.finish()
        guard selection.leftOver == 0 else {
            throw TurnPreparationRefusal.tooManyDosesOfAPerson(limit: limits.dosesPerPerson)
        }
        return selection
    }
}
