import Cryptography
import RecordModel
import Storage

/// A record's number and name as keyed hashes: enough to see that a facility has typed one number for two persons.
struct OwnNumber: Hashable, Sendable {
    let number: Int64
    let name: Int32
}

/// Finds the numbers that a facility has typed under two names, in its own records alone (AUT-17): nothing of the register
/// is looked at, and no other facility's records.
///
/// The hash is keyed and holds the facility, so that nobody can look a number up by it. What two names are is said by
/// version 1 of the rules, whichever set stands. Withdrawn records and those without a name or a readable number do not
/// take part. The hint is found when it is told, so it is as true as the records are then.
struct OwnNumbers: Sendable {
    private let hash: KeyedHash
    private static let purpose = Array("own-number.v1".utf8)

    init(key: [UInt8]) { hash = KeyedHash(key: key) }

    /// - Parameter normaliser: of version 1.
    func mark(
        _ typed: TypedItems, of facility: String, isWithdrawn: Bool, normaliser: inout NameNormaliser
    ) -> OwnNumber? {
        if isWithdrawn { return nil }
        let number: String
        switch IDNumber(typed: typed.identity.idNumber) {
        case .personal(let id): number = "12:\(id)"
        case .old(let id): number = "9:\(id)"
        case .absent, .malformed: return nil
        }
        let name = normaliser.normalise(typed.identity.fullName)
        if name.isEmpty { return nil }
        var message = Self.purpose
        message.append(contentsOf: facility.utf8)
        message.append(0)
        let owner = message.count
        message.append(contentsOf: number.utf8)
        let ofNumber = hash.prefix(of: message.span).high
        message.removeSubrange(owner...)
        message.append(1)
        message.append(contentsOf: name.utf8)
        let ofName = hash.prefix(of: message.span).high
        return OwnNumber(
            number: Int64(bitPattern: ofNumber), name: Int32(bitPattern: UInt32(truncatingIfNeeded: ofName >> 32)))
    }

    /// Those of the records whose number their facility has under another name too.
    static func shared(_ records: [DoseID], in session: Transaction) throws -> Set<DoseID> {
        if records.isEmpty { return [] }
        return Set(
            try session.query(
                """
                SELECT v.dose_id FROM unnest($1::uuid[]) AS n (dose_id) JOIN verdict v ON v.dose_id = n.dose_id
                WHERE v.number_hash IS NOT NULL AND EXISTS (
                    SELECT 1 FROM verdict o WHERE o.number_hash = v.number_hash AND o.number_hash IS NOT NULL
                        AND o.facility_code = v.facility_code AND o.name_hash <> v.name_hash)
                """, [.uuids(records)]
            ) { $0.uuid(0) })
    }
}

extension [AnsweredRecord] {
    /// Adds the hint that a facility has typed the number under two names to those of the named records that are not right.
    mutating func hintSharedNumbers(at indices: [Int], in session: Transaction) throws {
        let open = indices.filter { self[$0].answer.outcome == .wrong || self[$0].answer.outcome == .cannotVerify }
        let shared = try OwnNumbers.shared(open.map { self[$0].head.doseID }, in: session)
        if shared.isEmpty { return }
        for index in open where shared.contains(self[index].head.doseID) {
            self[index].answer.hints.append(Hint.duplicateNumber.rawValue)
        }
    }
}
