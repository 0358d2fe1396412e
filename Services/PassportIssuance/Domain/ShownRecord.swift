import RecordModel

/// What is kept of a record: what a passport may show of it, and who says so. Nothing else of the record is stored here,
/// above all no identity number, phone or residence.
struct ShownRecord: Sendable, Equatable {
    var facilityCode: String
    var sourceRecordID: String
    var recordedAt: Instant
    var fullName: String
    var surname: String
    var givenNames: String
    var nationality: String
    var dateOfBirth: String
    var vaccine: String
    var injectedOn: String
    var givenCountry: String
    var doseNumber: Int32

    init(_ record: DoseRecord) {
        facilityCode = record.facilityCode
        sourceRecordID = record.sourceRecordID
        recordedAt = record.recordedAt
        fullName = record.identity.fullName
        surname = record.subject.surname
        givenNames = record.subject.givenNames
        nationality = record.subject.nationality
        dateOfBirth = record.identity.dateOfBirth
        vaccine = record.dose.vaccine
        injectedOn = record.dose.injectedOn
        givenCountry = record.dose.givenCountry
        doseNumber = record.dose.doseNumber
    }

    /// The first byte of the packed form: its layout.
    private static let layout: UInt8 = 1

    /// A byte of layout, eight of time, four of dose number, then the texts, each after its length (seven bits a byte,
    /// low ones first).
    var packed: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(160)
        bytes.append(Self.layout)
        append(UInt64(bitPattern: recordedAt.microseconds), of: 8, to: &bytes)
        append(UInt64(UInt32(bitPattern: doseNumber)), of: 4, to: &bytes)
        for text in [
            facilityCode, sourceRecordID, fullName, surname, givenNames, nationality, dateOfBirth, vaccine, injectedOn,
            givenCountry,
        ] {
            var length = text.utf8.count
            while length > 127 {
                bytes.append(UInt8(truncatingIfNeeded: length) | 0x80)
                length >>= 7
            }
            bytes.append(UInt8(length))
            bytes.append(contentsOf: text.utf8)
        }
        return bytes
    }

    private func append(_ number: UInt64, of width: Int, to bytes: inout [UInt8]) {
        for index in (0..<width).reversed() { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * index))) }
    }

    /// Nil for bytes that this layout did not write.
    init?(packed bytes: [UInt8]) {
        guard bytes.count > 13, bytes[0] == Self.layout else { return nil }
        let time = bytes[1..<9].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        recordedAt = Instant(microseconds: Int64(bitPattern: time))
        doseNumber = Int32(bitPattern: bytes[9..<13].reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
        var texts = Texts(bytes: bytes, place: 13)
        guard let facilityCode = texts.next(), let sourceRecordID = texts.next(), let fullName = texts.next(),
            let surname = texts.next(), let givenNames = texts.next(), let nationality = texts.next(),
            let dateOfBirth = texts.next(), let vaccine = texts.next(), let injectedOn = texts.next(),
            let givenCountry = texts.next(), texts.isAtEnd
        else { return nil }
        self.facilityCode = facilityCode
        self.sourceRecordID = sourceRecordID
        self.fullName = fullName
        self.surname = surname
        self.givenNames = givenNames
        self.nationality = nationality
        self.dateOfBirth = dateOfBirth
        self.vaccine = vaccine
        self.injectedOn = injectedOn
        self.givenCountry = givenCountry
    }

    private struct Texts {
        let bytes: [UInt8]
        var place: Int
        var isAtEnd: Bool { place == bytes.count }

        mutating func next() -> String? {
            var length = 0
            var shift = 0
            while true {
                guard place < bytes.count, shift <= 28 else { return nil }
                let byte = bytes[place]
                place += 1
                length |= Int(byte & 0x7f) << shift
                shift += 7
                if byte < 0x80 { break }
            }
            guard length <= bytes.count - place else { return nil }
            defer { place += length }
            return String(decoding: bytes[place..<place + length], as: UTF8.self)
        }
    }
}
