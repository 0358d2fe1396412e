import Cryptography
import RecordModel

/// The identifiers of records and subjects: UUIDv8 of four bytes of the facility's hash and an HMAC under Intake's
/// key. The same input has the same identifier for ever, the primary key is the idempotency check, and nothing of the
/// person can be guessed from it.
struct RecordIdentifiers: Sendable {
    private let key: KeyedHash

    /// - Parameter key: at least 32 bytes; another key gives other identifiers, so it lives as long as the data.
    init(key: [UInt8]) {
        precondition(key.count >= 32, "a key of at least 32 bytes is needed")
        self.key = KeyedHash(key: key)
    }

    func doseID(facility: String, facilityHash: UInt32, record: String) -> DoseID {
        .versioned8(facilityHash: facilityHash, mac: key.hmacSHA256(message("dose", facility, record)))
    }

    /// A subject is what one facility calls one person: its `subject_ref`, or the single record where that is empty.
    func subjectID(facility: String, facilityHash: UInt32, reference: String, record: String) -> SubjectID {
        let parts =
            reference.isEmpty ? message("subject-of-record", facility, record) : message("subject", facility, reference)
        return .versioned8(facilityHash: facilityHash, mac: key.hmacSHA256(parts))
    }

    /// The part of the identifier that keeps a facility's rows together.
    static func facilityHash(_ facility: String) -> UInt32 { SHA256.prefix32(of: facility) }

    private func message(_ kind: String, _ facility: String, _ name: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(64)
        for part in [kind, facility, name] {
            let count = part.utf8.count
            bytes.append(UInt8(truncatingIfNeeded: count >> 8))
            bytes.append(UInt8(truncatingIfNeeded: count))
            bytes.append(contentsOf: part.utf8)
        }
        return bytes
    }
}
