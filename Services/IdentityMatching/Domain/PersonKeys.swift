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
}
