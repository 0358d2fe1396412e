/// The two forms of an ECDSA P-256 signature: DER (X.509, CMS, OpenSSL) and raw r‖s (COSE, JOSE).
enum ECDSASignature {
    /// r‖s, 32 bytes each, of a DER signature; nil if it is none.
    static func raw(der: [UInt8]) -> [UInt8]? {
        guard der.count >= 8, der.count <= 72, der[0] == 0x30, Int(der[1]) == der.count - 2 else { return nil }
        var raw = [UInt8](repeating: 0, count: 64)
        var position = 2
        for end in [32, 64] {
            guard position + 2 <= der.count, der[position] == 0x02 else { return nil }
            var length = Int(der[position + 1])
            position += 2
            guard length > 0, length <= 33, position + length <= der.count else { return nil }
            if length == 33 {
                guard der[position] == 0 else { return nil }
                position += 1
                length = 32
            }
            for offset in 0..<length { raw[end - length + offset] = der[position + offset] }
            position += length
        }
        return position == der.count ? raw : nil
    }

    /// The DER form of r‖s; nil unless there are 64 bytes.
    static func der(raw: [UInt8]) -> [UInt8]? {
        guard raw.count == 64 else { return nil }
        var body: [UInt8] = []
        for half in [raw[0..<32], raw[32..<64]] {
            var digits = Array(half.drop { $0 == 0 })
            if digits.isEmpty { digits = [0] }
            if digits[0] & 0x80 != 0 { digits.insert(0, at: 0) }
            body += [0x02, UInt8(digits.count)] + digits
        }
        return [0x30, UInt8(body.count)] + body
    }
}
