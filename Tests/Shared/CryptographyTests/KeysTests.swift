import Cryptography
import Testing

/// Bytes of hexadecimal text.
func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = hexadecimal.filter { !$0.isWhitespace }.compactMap { $0.hexDigitValue }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
}

@Suite struct HashingTests {
    @Test("SHA-256 of FIPS 180-4's examples")
    func sha256() {
        #expect(
            SHA256.hash(Array("abc".utf8))
                == bytes("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
        #expect(
            hexadecimal(SHA256.hash([UInt8]()))
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(SHA256.hash(Array("a".utf8), Array("bc".utf8)) == SHA256.hash(Array("abc".utf8)))
    }

    @Test("HMAC-SHA-256 of RFC 4231")
    func hmac() {
        #expect(
            KeyedHash.hmacSHA256(key: [UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8))
                == bytes("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"))
        #expect(
            KeyedHash(key: Array("Jefe".utf8)).hmacSHA256(Array("what do ya want ".utf8), Array("for nothing?".utf8))
                == bytes("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"))
        let longKey = [UInt8](repeating: 0xaa, count: 131)
        #expect(
            KeyedHash.hmacSHA256(key: longKey, Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8))
                == bytes("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"))
    }

    @Test("the first bytes of HMAC-SHA-256 as numbers are those of the whole")
    func hmacPrefix() {
        let hash = KeyedHash(key: Array("Jefe".utf8))
        for message in [[], Array("what do ya want for nothing?".utf8), [UInt8](repeating: 7, count: 200)] {
            let whole = hash.authenticate([message])
            let prefix = hash.prefix(of: message.span)
            #expect(whole.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } == prefix.high)
            #expect(whole[8..<16].reduce(0) { $0 << 8 | UInt64($1) } == prefix.low)
        }
    }

    @Test func constantTime() {
        #expect(constantTimeEqual([1, 2, 3], [1, 2, 3]))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEqual([1, 2], [1, 2, 3]))
        #expect(constantTimeEqual([], []))
    }

    @Test func randomBytesDiffer() {
        #expect(SecureRandom.bytes(16) != SecureRandom.bytes(16))
        #expect(SecureRandom.bytes(0).isEmpty)
    }
}

@Suite struct KeyTests {
    static let message = Array("sample".utf8)

    @Test("RFC 6979 A.2.5 verifies: ECDSA P-256, SHA-256")
    func verifyVector() throws {
        let key = try PublicKey(
            x: bytes("60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"),
            y: bytes("7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"))
        var signature = bytes(
            """
            EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
            F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
            """)
        #expect(key.verify(signature, over: Self.message))
        signature[5] ^= 1
        #expect(!key.verify(signature, over: Self.message))
        #expect(!key.verify([], over: Self.message))
        #expect(!key.verify([UInt8](repeating: 0, count: 64), over: Self.message))
        #expect(throws: CryptographyError.self) {
            try PublicKey(x: [UInt8](repeating: 1, count: 32), y: [UInt8](repeating: 1, count: 32))
        }
    }

    @Test func ecSignsAndSurvivesPEM() throws {
        let key = try SigningKey.generateP256()
        let again = try SigningKey(pem: key.pem)
        #expect(again.publicKey == key.publicKey)
        #expect(again.algorithm == .es256)
        let signature = try again.sign(Self.message)
        #expect(signature.count == 64)
        #expect(key.publicKey.verify(signature, over: Self.message))
        #expect(!key.publicKey.verify(signature, over: Self.message + [0]))
        #expect(key.publicKey.verifyDER(try key.signDER(Self.message), over: Self.message))
        #expect(try PublicKey(pem: key.publicKey.pem) == key.publicKey)
    }

    @Test("SIG-16 an encrypted key opens with its passphrase only")
    func encryptedKey() throws {
        let key = try SigningKey.generateP256()
        let pem = try key.pem(passphrase: "12345678")
        #expect(pem.contains("ENCRYPTED"))
        let opened = try SigningKey(pem: pem, passphrase: "12345678")
        #expect(opened.publicKey == key.publicKey)
        for passphrase in ["87654321", "", nil] as [String?] {
            #expect(throws: SigningKey.wrongPassphrase) { try SigningKey(pem: pem, passphrase: passphrase) }
        }
        #expect(throws: CryptographyError.self) { try key.pem(passphrase: "") }
    }

    @Test func rsaSignsPS256() throws {
        let key = try SigningKey.generateRSA()
        let signature = try key.sign(Self.message)
        #expect(signature.count == 256)
        #expect(key.publicKey.verify(signature, over: Self.message))
        #expect(!key.publicKey.verify(signature, over: Self.message + [0]))
        #expect(try SigningKey(pem: key.pem).algorithm == .ps256)
    }

    @Test func rawAndDERFormsAgreeForManySignatures() throws {
        let key = try SigningKey.generateP256()
        for turn in 0..<600 {
            let signature = try key.sign([UInt8(turn & 255), UInt8(turn >> 8)])
            #expect(key.publicKey.verify(signature, over: [UInt8(turn & 255), UInt8(turn >> 8)]))
        }
    }

    @Test func garbageIsNoKey() {
        #expect(throws: CryptographyError.self) { try SigningKey(pem: "garbage") }
        #expect(throws: CryptographyError.self) { try PublicKey(pem: "") }
        #expect(throws: CryptographyError.self) { try SigningKey(pem: Self.p384) }
    }

    @Test func manyThreadsSignAtOnce() async throws {
        let key = try SigningKey.generateP256()
        let publicKey = key.publicKey
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    for turn in 0..<200 {
                        let message = [UInt8(worker), UInt8(turn)]
                        guard publicKey.verify(try key.sign(message), over: message) else { return false }
                    }
                    return true
                }
            }
            for try await good in group { #expect(good) }
        }
    }

    static let p384 = """
        -----BEGIN PRIVATE KEY-----
        MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDAaMdbhkfr6sxVgz0yR
        -----END PRIVATE KEY-----
        """
}
