import Cryptography
import RecordModel

/// The opaque keys of persons: the first 16 bytes of HMAC-SHA256(key of matching, `person.v1` ‖ personal id).
///
/// The same over register generations and for old and new number; without the key of matching nothing can be guessed
/// from it. The key of matching must never change: every right record would be another person's.
struct PersonKeys: Sendable {
    private let hash: KeyedHash
    private static let purpose = Array("person.v1".utf8)
    private static let digits = 12
    private static let markPurpose = Array("shown.v1".utf8)

    /// Hashes of what facilities have typed, by the same key.
    let ownNumbers: OwnNumbers

    init(key: [UInt8]) {
        hash = KeyedHash(key: key)
        ownNumbers = OwnNumbers(key: key)
    }

    /// The key of the person known by this personal id of twelve digits.
    func key(ofPersonalID id: Int64) -> PersonKey {
        var message = InlineArray<21, UInt8>(repeating: 0)
        for index in Self.purpose.indices { message[index] = Self.purpose[index] }
        var rest = id
        for place in 0..<Self.digits {
            message[20 - place] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        let prefix = hash.prefix(of: message.span)
        return PersonKey(high: prefix.high, low: prefix.low)
    }

    /// The mark of a personal number in the log of looks: eight bytes that are found again by the number, and by nothing
    /// else; no other data hold it.
    /// - Parameter personalID: twelve digits.
    func mark(_ personalID: String) -> Int64 {
        let bytes = hash.hmacSHA256(Self.markPurpose, Array(personalID.utf8)).prefix(8)
        return Int64(bitPattern: bytes.reduce(0) { $0 << 8 | UInt64($1) })
    }
}
