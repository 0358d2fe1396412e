import Cryptography
import RecordModel
import Testing

@testable import IdentityMatching

@Suite("Opaque keys of persons")
struct PersonKeyTests {
    @Test(
        "MAT-11 a key is the HMAC of the personal id's twelve digits, leading zeros included",
        arguments: [
            (Int64(1), "000000000001"), (79_187_012_345, "079187012345"), (999_999_999_999, "999999999999"),
        ])
    func form(_ pair: (Int64, String)) {
        let key = [UInt8](repeating: 3, count: 32)
        let whole = KeyedHash.hmacSHA256(key: key, Array("person.v1".utf8), Array(pair.1.utf8))
        #expect(PersonKeys(key: key).key(ofPersonalID: pair.0) == PersonKey(bytes: whole.prefix(16)))
    }
}
