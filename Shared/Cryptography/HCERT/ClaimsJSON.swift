/// A verified passport's claims as JSON, for people and for programs that read no CBOR.
extension VerifiedPassport {
    /// One line: `iss`, `iat` and `exp` (seconds since 1970), then the health certificate's own members, in their order:
    /// `ver`, `nam`, `dob`, `v` and what else the issuer put there.
    public var claimsJSON: [UInt8] {
        var json: [UInt8] = Array("{\"iss\":".utf8)
        JSONText.append(issuerCountry, to: &json)
        json += Array(",\"iat\":\(issuedAt),\"exp\":\(expiresAt)".utf8)
        if case .map(let pairs) = raw {
            for pair in pairs {
                json.append(UInt8(ascii: ","))
                JSONText.append(key: pair.key, to: &json)
                json.append(UInt8(ascii: ":"))
                JSONText.append(pair.value, to: &json)
            }
        }
        return json + Array("}".utf8)
    }
}

/// CBOR as JSON (RFC 8949 §6.1): byte strings as base64url, tags left out, keys as text.
enum JSONText {
    static func append(_ item: CBOR, to json: inout [UInt8]) {
        switch item {
        case .unsigned(let number): json += Array(String(number).utf8)
        case .negative(let number): json += Array(number == .max ? "-18446744073709551616".utf8 : "-\(number + 1)".utf8)
        case .bytes(let bytes): append(Base64URL.encode(bytes), to: &json)
        case .text(let text): append(text, to: &json)
        case .array(let items): list("[", items, "]", to: &json) { append($0, to: &$1) }
        case .map(let pairs):
            list("{", pairs, "}", to: &json) { pair, json in
                append(key: pair.key, to: &json)
                json.append(UInt8(ascii: ":"))
                append(pair.value, to: &json)
            }
        case .tagged(_, let inner): append(inner, to: &json)
        case .bool(let value): json += Array(value ? "true".utf8 : "false".utf8)
        case .float(let value) where value.isFinite: json += Array(value.description.utf8)
        case .null, .undefined, .simple, .float: json += Array("null".utf8)
        }
    }

    static func append(key: CBOR, to json: inout [UInt8]) {
        if case .text(let text) = key {
            append(text, to: &json)
        } else {
            var inner: [UInt8] = []
            append(key, to: &inner)
            append(String(decoding: inner, as: UTF8.self), to: &json)
        }
    }

    static func append(_ text: String, to json: inout [UInt8]) {
        json.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): json += [UInt8(ascii: "\\"), byte]
            case 0..<0x20, 0x7f: json += Array("\\u00".utf8) + Array(hexadecimal([byte]).utf8)
            default: json.append(byte)
            }
        }
        json.append(UInt8(ascii: "\""))
    }

    private static func list<Item>(
        _ open: Unicode.Scalar, _ items: [Item], _ close: Unicode.Scalar, to json: inout [UInt8],
        _ write: (Item, inout [UInt8]) -> Void
    ) {
        json.append(UInt8(ascii: open))
        for (index, item) in items.enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            write(item, &json)
        }
        json.append(UInt8(ascii: close))
    }
}
