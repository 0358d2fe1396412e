import Cryptography
import Testing

@Suite struct CBORTests {
    /// RFC 8949 appendix A: items whose encoding there is the shortest one.
    static let examples: [(String, CBOR)] = [
        ("00", .unsigned(0)), ("01", .unsigned(1)), ("0a", .unsigned(10)), ("17", .unsigned(23)),
        ("1818", .unsigned(24)), ("1864", .unsigned(100)), ("1903e8", .unsigned(1000)),
        ("1a000f4240", .unsigned(1_000_000)), ("1b000000e8d4a51000", .unsigned(1_000_000_000_000)),
        ("1bffffffffffffffff", .unsigned(.max)), ("3bffffffffffffffff", .negative(.max)),
        ("20", CBOR(-1)), ("29", CBOR(-10)), ("3863", CBOR(-100)), ("3903e7", CBOR(-1000)),
        ("f4", .bool(false)), ("f5", .bool(true)), ("f6", .null), ("f7", .undefined), ("f0", .simple(16)),
        ("f8ff", .simple(255)), ("fb3ff199999999999a", .float(1.1)), ("fbc010666666666666", .float(-4.1)),
        ("40", .bytes([])), ("4401020304", .bytes([1, 2, 3, 4])), ("60", .text("")), ("6161", .text("a")),
        ("6449455446", .text("IETF")), ("62225c", .text("\"\\")), ("62c3bc", .text("ü")), ("63e6b0b4", .text("水")),
        ("64f0908591", .text("𐅑")), ("80", .array([])),
        ("83010203", .array([.unsigned(1), .unsigned(2), .unsigned(3)])),
        (
            "8301820203820405",
            .array([
                .unsigned(1), .array([.unsigned(2), .unsigned(3)]), .array([.unsigned(4), .unsigned(5)]),
            ])
        ),
        ("a0", .map([])),
        ("a201020304", .map([.init(.unsigned(1), .unsigned(2)), .init(.unsigned(3), .unsigned(4))])),
        (
            "a26161016162820203",
            .map([.init(.text("a"), .unsigned(1)), .init(.text("b"), .array([.unsigned(2), .unsigned(3)]))])
        ),
        ("c074323031332d30332d32315432303a30343a30305a", .tagged(0, .text("2013-03-21T20:04:00Z"))),
        ("c11a514b67b0", .tagged(1, .unsigned(1_363_896_240))), ("d74401020304", .tagged(23, .bytes([1, 2, 3, 4]))),
    ]

    @Test("RFC 8949 appendix A, both ways", arguments: examples.indices)
    func bothWays(index: Int) throws {
        let (hexadecimal, item) = Self.examples[index]
        #expect(try CBOR(decoding: bytes(hexadecimal)) == item)
        #expect(item.encoded == bytes(hexadecimal))
    }

    @Test("RFC 8949 appendix A, read only: short floats and indefinite lengths")
    func readOnly() throws {
        let examples: [(String, CBOR)] = [
            ("f90000", .float(0)), ("f93c00", .float(1)), ("f93e00", .float(1.5)), ("f97bff", .float(65504)),
            ("fa47c35000", .float(100000)), ("f90001", .float(5.960464477539063e-8)),
            ("f90400", .float(0.00006103515625)), ("f9c400", .float(-4)), ("f97c00", .float(.infinity)),
            ("5f42010243030405ff", .bytes([1, 2, 3, 4, 5])), ("7f657374726561646d696e67ff", .text("streaming")),
            ("9fff", .array([])),
            (
                "9f018202039f0405ffff",
                .array([
                    .unsigned(1), .array([.unsigned(2), .unsigned(3)]), .array([.unsigned(4), .unsigned(5)]),
                ])
            ),
            ("bf6346756ef563416d7421ff", .map([.init(.text("Fun"), .bool(true)), .init(.text("Amt"), CBOR(-2))])),
        ]
        for (hexadecimal, item) in examples { #expect(try CBOR(decoding: bytes(hexadecimal)) == item) }
        guard case .float(let number) = try CBOR(decoding: bytes("f97e00")) else { throw CBORError.malformed }
        #expect(number.isNaN)
    }

    @Test("RFC 8949 §4.2.1: map keys in the order of their encodings")
    func deterministic() {
        let map = CBOR.map([
            .init(.text("aa"), .unsigned(1)), .init(.text("z"), .unsigned(2)), .init(CBOR(-1), .unsigned(3)),
            .init(.unsigned(100), .unsigned(4)), .init(.unsigned(10), .unsigned(5)),
        ])
        #expect(map.encoded == bytes("a50a05186404200361 7a02 62616101"))
    }

    @Test(
        "hostile input is refused, cheaply",
        arguments: [
            ("", CBORError.truncated), ("18", .truncated), ("1b00", .truncated), ("5bffffffffffffffff", .truncated),
            ("9bffffffffffffffff", .truncated), ("bbffffffffffffffff", .truncated), ("7fff00", .trailing),
            ("0000", .trailing), ("1c", .malformed), ("ff", .malformed), ("f818", .malformed), ("5f6161ff", .malformed),
            ("5f5f4100ffff", .malformed), ("61ff", .badText), ("62c080", .badText), ("63eda080", .badText),
            ("a201010102", .repeatedKey), ("a20101180102", .repeatedKey), ("9f", .truncated), ("bf01", .truncated),
            ("bf01ff", .malformed),
        ])
    func hostile(hexadecimal: String, error: CBORError) {
        #expect(throws: error) { try CBOR(decoding: bytes(hexadecimal)) }
    }

    @Test("depth and number of items are limited")
    func limits() {
        #expect(throws: CBORError.tooDeep) { try CBOR(decoding: [UInt8](repeating: 0x81, count: 10_000)) }
        #expect(throws: CBORError.tooDeep) { try CBOR(decoding: [UInt8](repeating: 0xc1, count: 10_000)) }
        #expect(throws: CBORError.tooDeep) { try CBOR(decoding: [UInt8](repeating: 0x9f, count: 10_000)) }
        #expect(throws: CBORError.tooLarge) {
            try CBOR(decoding: [0x9a, 0, 1, 0, 0] + [UInt8](repeating: 0, count: 65_536))
        }
    }

    @Test("random bytes never end the process")
    func random() {
        for _ in 0..<20_000 {
            let input = SecureRandom.bytes(Int.random(in: 0..<40))
            guard let item = try? CBOR(decoding: input) else { continue }
            // NaN is unequal to itself, so the encodings are compared.
            #expect((try? CBOR(decoding: item.encoded))?.encoded == item.encoded)
        }
    }
}

@Suite struct EncodingTests {
    @Test("RFC 9285 examples")
    func base45() {
        for (plain, text) in [("AB", "BB8"), ("Hello!!", "%69 VD92EX0"), ("base-45", "UJCLQE7W581"), ("", "")] {
            #expect(Base45.encode(Array(plain.utf8)) == text)
            #expect(Base45.decode(text) == Array(plain.utf8))
        }
        #expect(Base45.decode("QED8WEX0") == Array("ietf!".utf8))
        #expect(Base45.decode("FGW") == [255, 255])
        for bad in ["GGW", "A", "AAAA", "::", "a", "ab8", "BB8\n", "é1", ":::"] { #expect(Base45.decode(bad) == nil) }
    }

    @Test("zlib: there and back, damage, and a bomb")
    func zlib() throws {
        let plain = SecureRandom.bytes(400) + [UInt8](repeating: 7, count: 400)
        let packed = try Zlib.compress(plain)
        #expect(try Zlib.decompress(packed, limit: 1000) == plain)
        #expect(try Zlib.decompress(packed, limit: 800) == plain)
        #expect(throws: CryptographyError.self) { try Zlib.decompress(packed, limit: 799) }
        #expect(throws: CryptographyError.self) { try Zlib.decompress(packed + [0], limit: 1000) }
        #expect(throws: CryptographyError.self) { try Zlib.decompress(Array(packed.dropLast()), limit: 1000) }
        #expect(throws: CryptographyError.self) { try Zlib.decompress([], limit: 1000) }
        let bomb = try Zlib.compress([UInt8](repeating: 0, count: 50_000_000))
        #expect(throws: CryptographyError.self) { try Zlib.decompress(bomb, limit: 64 * 1024) }
    }

    @Test(
        "ICAO 9303 names of passport-format.md",
        arguments: [
            ("Đặng Thị Tường Vi", "DANG<THI<TUONG<VI"), ("H'Hen Niê", "HHEN<NIE"), ("Ksơr", "KSOR"),
            ("Nguyễn", "NGUYEN"), ("  Trần -  Lê ", "TRAN<LE"), ("Müller", "MUELLER"), ("Ðỗ", "DO"),
            ("Strauß", "STRAUSS"),
            ("Åse Øst", "AASE<OEST"), ("Þór", "THOR"), ("D’Arcy", "DARCY"), ("王", ""), ("", ""), ("Lý 2", "LY"),
            ("ƯỜNG ơ ư ỳ ỹ ỵ ẵ ặ ẩ ẫ ậ", "UONG<O<U<Y<Y<Y<A<A<A<A<A"), ("M\u{00FC}ller", "MUELLER"),
            ("Mu\u{0308}ller", "MUELLER"), ("Đa\u{0323}\u{0306}ng", "DANG"), ("Şenol İnce ığdır", "SENOL<INCE<IGDIR"),
        ])
    func names(name: String, expected: String) {
        #expect(MachineReadableName.transliterate(name) == expected)
        #expect(MachineReadableName.transliterate(name.lowercased()) == expected || name.contains("İ"))
    }

    @Test("all 134 accented Vietnamese letters become one of A-Z")
    func vietnamese() {
        let letters = "ăâáàảãạắằẳẵặấầẩẫậđêéèẻẽẹếềểễệíìỉĩịôơóòỏõọốồổỗộớờởỡợưúùủũụứừửữựýỳỷỹỵ"
        #expect(letters.count == 67)
        for letter in letters {
            for form in [String(letter), String(letter).uppercased()] {
                let spelled = MachineReadableName.transliterate(form)
                #expect(spelled.count == 1 && "ADEIOUY".contains(spelled))
            }
        }
    }

    @Test("displayed names are composed, trimmed, and free of invisible characters")
    func display() {
        let shown = MachineReadableName.display(" Nguy\u{1EC5}n\u{200B}  Va\u{0306}n\tÐô ")
        #expect(Array(shown.utf8) == Array("Nguyễn Văn Đô".utf8))
        #expect(MachineReadableName.transliterate(String(repeating: "a b", count: 60)).count <= 80)
    }

    @Test("a QR code of alphanumeric text in the terminal")
    func qr() throws {
        let text = "HC1:" + String(repeating: "6BF+70790T9WJWG.FKY*4", count: 28)
        let drawn = try QRText.render(text, colours: false)
        // 592 letters at level Q: version 19, 93 modules, and the quiet zone.
        #expect(drawn.split(separator: "\n").first?.count == 97)
        #expect(throws: CryptographyError.self) { try QRText.render("small letters") }
        #expect(throws: CryptographyError.self) { try QRText.render(String(repeating: "A", count: 5000)) }
    }
}
