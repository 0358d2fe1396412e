import Cryptography
import RecordModel

enum CertificateTag {}

/// The opaque part of a certificate identifier: 128 random bits, never used again.
typealias CertificateNumber = Identifier<CertificateTag>

extension CertificateNumber {
    /// A new one, from the system's randomness: nothing about the person or the order of issue shows.
    static func new() -> CertificateNumber {
        CertificateNumber(bytes: SecureRandom.bytes(16)) ?? CertificateNumber(high: 0, low: 0)
    }

    /// The identifier as it stands in the passport (UVCI, option 2: opaque, without a check character).
    var uvci: String { "URN:UVCI:01:VN:" + hexadecimal(bytes, upperCase: true) }
}

/// How long a passport is valid.
enum Validity {
    /// Twelve months (5772/QĐ-BYT) to the day, and never beyond the signer's certificate. Seconds since 1970.
    static func end(issuedAt: Int64, signerEnds: Int64) -> Int64 {
        let instant = Instant(microseconds: issuedAt * 1_000_000)
        let day = instant.calendarDate()
        // 29 February has its anniversary on the 28th.
        let next =
            CalendarDate(year: day.year + 1, month: day.month, day: day.day)
            ?? CalendarDate(year: day.year + 1, month: 2, day: 28)
        let days = next.map { day.days(to: $0) } ?? 365
        return min(issuedAt + Int64(days) * 86_400, signerEnds)
    }
}
