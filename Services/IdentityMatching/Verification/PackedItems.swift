import RecordModel

/// The typed items as the verdict row keeps them: a format byte, then each text with its length before it.
extension TypedItems {
    private static let format: UInt8 = 1

    var packed: [UInt8] {
        let texts = [
            identity.fullName, identity.sex, identity.dateOfBirth, identity.idNumber, nationality, idKind,
        ]
        var bytes: [UInt8] = [Self.format]
        bytes.reserveCapacity(texts.reduce(8) { $0 + $1.utf8.count + 2 })
        for text in texts {
            var length = text.utf8.count
            while length >= 0x80 {
                bytes.append(UInt8(truncatingIfNeeded: length) | 0x80)
                length >>= 7
            }
            bytes.append(UInt8(truncatingIfNeeded: length))
            bytes.append(contentsOf: text.utf8)
        }
        return bytes
    }

    /// Nil for bytes that no version of this service has written.
    init?(packed: [UInt8]) {
        guard packed.first == Self.format else { return nil }
        var rest = packed[1...]
        var texts: [String] = []
        while texts.count < 6 {
            var length = 0
            var shift = 0
            while let byte = rest.popFirst() {
                length |= Int(byte & 0x7F) << shift
                shift += 7
                if byte & 0x80 == 0 { break }
                guard shift < 35 else { return nil }
            }
            guard shift > 0, rest.count >= length else { return nil }
            texts.append(String(decoding: rest.prefix(length), as: UTF8.self))
            rest = rest.dropFirst(length)
        }
        guard rest.isEmpty else { return nil }
        self.init(
            identity: TypedIdentity(fullName: texts[0], sex: texts[1], dateOfBirth: texts[2], idNumber: texts[3]),
            nationality: texts[4], idKind: texts[5])
    }
}
