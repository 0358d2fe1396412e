/// COSE_Sign1 (RFC 9052) as the EU DCC uses it.
enum COSE {
    static let algorithmHeader: Int64 = 1
    static let keyIdentifierHeader: Int64 = 4

    /// The registered number of an algorithm.
    static func number(_ algorithm: SignatureAlgorithm) -> Int64 {
        switch algorithm {
        case .es256: -7
        case .ps256: -37
        }
    }

    static func algorithm(_ number: Int64) -> SignatureAlgorithm? {
        SignatureAlgorithm.allCases.first { COSE.number($0) == number }
    }

    /// The protected header with algorithm and key identifier.
    static func protectedHeader(_ algorithm: SignatureAlgorithm, keyIdentifier: [UInt8]) -> [UInt8] {
        CBOR.map([
            .init(CBOR(algorithmHeader), CBOR(number(algorithm))),
            .init(CBOR(keyIdentifierHeader), .bytes(keyIdentifier)),
        ]).encoded
    }

    /// What is signed: the Sig_structure of context "Signature1".
    static func signedBytes(protected: [UInt8], payload: [UInt8]) -> [UInt8] {
        var writer = CBORWriter(capacity: protected.count + payload.count + 24)
        writer.startArray(4)
        writer.write("Signature1")
        writer.write(protected)
        writer.write([UInt8]())
        writer.write(payload)
        return writer.bytes
    }

    /// The message, tag 18.
    static func message(protected: [UInt8], payload: [UInt8], signature: [UInt8]) -> [UInt8] {
        var writer = CBORWriter(capacity: protected.count + payload.count + signature.count + 16)
        writer.tag(18)
        writer.startArray(4)
        writer.write(protected)
        writer.startMap(0)
        writer.write(payload)
        writer.write(signature)
        return writer.bytes
    }
}

/// A COSE_Sign1 message as read, nothing of it verified.
struct SignedMessage {
    let algorithm: SignatureAlgorithm
    let keyIdentifier: [UInt8]
    let protected: [UInt8]
    let payload: [UInt8]
    let signature: [UInt8]

    /// Reads a message; tags 61 (CWT) and 18 (COSE_Sign1) may be there or not; the key identifier may stand in
    /// the unprotected header, but the protected one wins.
    init(_ bytes: [UInt8]) throws(PassportRejection) {
        var item: CBOR
        do { item = try CBOR(decoding: bytes) } catch { throw PassportRejection(.cbor, error.rawValue) }
        if case .tagged(61, let inner) = item { item = inner }
        if case .tagged(18, let inner) = item { item = inner }
        guard let parts = item.array, parts.count == 4, let protected = parts[0].bytes,
            case .map = parts[1], let payload = parts[2].bytes, let signature = parts[3].bytes
        else { throw PassportRejection(.cose, "not a COSE_Sign1 message") }
        var header = CBOR.map([])
        if !protected.isEmpty {
            do { header = try CBOR(decoding: protected, depth: 4, limit: 64) } catch {
                throw PassportRejection(.cose, "protected header: \(error.rawValue)")
            }
        }
        guard let number = header[CBOR(COSE.algorithmHeader)]?.integer, let algorithm = COSE.algorithm(number) else {
            throw PassportRejection(.algorithm, "neither ES256 nor PS256 in the protected header")
        }
        let identifier = header[CBOR(COSE.keyIdentifierHeader)] ?? parts[1][CBOR(COSE.keyIdentifierHeader)]
        guard let kid = identifier?.bytes else { throw PassportRejection(.unknownKey, "no key identifier") }
        self.algorithm = algorithm
        self.keyIdentifier = kid
        self.protected = protected
        self.payload = payload
        self.signature = signature
    }
}
