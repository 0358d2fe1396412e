/// Base45 (RFC 9285).
public enum Base45 {
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".utf8)
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
        return values
    }()

    /// The text of the bytes.
    public static func encode(_ bytes: [UInt8]) -> String {
        let count = bytes.count / 2 * 3 + bytes.count % 2 * 2
        return String(unsafeUninitializedCapacity: count) { text in
            var position = 0
            var index = 0
            while index + 1 < bytes.count {
                let number = Int(bytes[index]) << 8 | Int(bytes[index + 1])
                text[position] = alphabet[number % 45]
                text[position + 1] = alphabet[number / 45 % 45]
                text[position + 2] = alphabet[number / 2025]
                position += 3
                index += 2
            }
            if index < bytes.count {
                text[position] = alphabet[Int(bytes[index]) % 45]
                text[position + 1] = alphabet[Int(bytes[index]) / 45]
            }
            return count
        }
    }

    /// The bytes of the text; nil if it is no base45 (a letter outside, an odd length, a group too great).
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        var group: [Int] = []
        for letter in text.utf8 {
            let value = values[Int(letter)]
            guard value != 255 else { return nil }
            group.append(Int(value))
            guard group.count == 3 else { continue }
            let number = group[0] + group[1] * 45 + group[2] * 2025
            guard number <= 0xffff else { return nil }
            bytes.append(UInt8(number >> 8))
            bytes.append(UInt8(number & 255))
            group.removeAll(keepingCapacity: true)
        }
        switch group.count {
        case 0: return bytes
        case 2:
            let number = group[0] + group[1] * 45
            guard number <= 255 else { return nil }
            return bytes + [UInt8(number)]
        default: return nil
        }
    }
}
