import Cryptography
import RecordModel

/// The first 16 bytes of SHA-256 over a row's decoded columns, time of entry aside: what makes two rows the same
/// version (`matching.md` §0.6).
struct ContentHash: Hashable, Sendable {
    let high: UInt64
    let low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Each value goes in with its length, so that no two rows can be taken for one. The two columns with a default
    /// count as their default when empty.
    init(of row: Submission) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        func add(_ value: String) {
            let count = value.utf8.count
            bytes.append(UInt8(truncatingIfNeeded: count >> 8))
            bytes.append(UInt8(truncatingIfNeeded: count))
            bytes.append(contentsOf: value.utf8)
        }
        add(row.facilityCode)
        add(row.sourceRecordID)
        add(row.subjectRef)
        add(row.identity.fullName)
        add(row.identity.sex)
        add(row.identity.dateOfBirth)
        add(row.identity.idNumber)
        add(row.subject.idKind)
        add(row.subject.nationality)
        add(row.subject.surname)
        add(row.subject.givenNames)
        add(row.subject.phone)
        add(row.subject.residenceCommune)
        add(row.doseNumber)
        add(row.vaccine)
        add(row.lotNumber)
        add(row.injectedOn)
        add(row.doseKind)
        add(row.enteredByUnit)
        add(row.entryBasis.isEmpty ? "session" : row.entryBasis)
        add(row.givenCountry)
        add(row.recordStatus.isEmpty ? "active" : row.recordStatus)
        self.init(digest: SHA256.hash(bytes)[...])
    }

    private init(digest: ArraySlice<UInt8>) {
        var words: (UInt64, UInt64) = (0, 0)
        for index in 0..<8 {
            words.0 = words.0 << 8 | UInt64(digest[digest.startIndex + index])
            words.1 = words.1 << 8 | UInt64(digest[digest.startIndex + 8 + index])
        }
        self.init(high: words.0, low: words.1)
    }

    /// Hashes stored one after another; nil unless their length is a multiple of 16.
    static func list(_ bytes: [UInt8]) -> [ContentHash]? {
        guard bytes.count % 16 == 0 else { return nil }
        return stride(from: 0, to: bytes.count, by: 16).map { ContentHash(digest: bytes[$0..<($0 + 16)]) }
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        append(to: &bytes)
        return bytes
    }

    func append(to bytes: inout [UInt8]) {
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: high >> UInt64(shift)))
        }
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: low >> UInt64(shift)))
        }
    }
}
