import Cryptography
import RecordModel

/// The opaque keys of persons: the first 16 bytes of HMAC-SHA256(key of matching, `person.v1` ‖ personal id).
///
/// The same over register generations and for old and new number; without the key of matching nothing can be guessed
/// from it. The key of matching must never change: every right record would be another person's.
struct PersonKeys: Sendable {
    private let hash: KeyedHash
    private static let purpose = Array("person.v1".utf8)

    /// Hashes of what facilities have typed, by the same key.
    let ownNumbers: OwnNumbers

    init(key: [UInt8]) {
        hash = KeyedHash(key: key)
        ownNumbers = OwnNumbers(key: key)
    }

    func key(of person: RegisterPerson) -> PersonKey? {
        let id = Array(IDNumber.text(ofPersonalID: person.keyID).utf8)
        return PersonKey(bytes: hash.hmacSHA256(Self.purpose, id).prefix(16))
    }
}
