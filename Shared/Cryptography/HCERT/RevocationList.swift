import Foundation

/// How a revoked passport is named in a list.
public enum RevocationHash: String, Sendable, CaseIterable {
    /// SHA-256 of the certificate identifier.
    case uci = "UCI"
    /// SHA-256 of country and certificate identifier.
    case countryAndUCI = "COUNTRYCODEUCI"
    /// SHA-256 of the signature; of ES256 its first half only, so that the (r, n-s) twin is caught too.
    case signature = "SIGNATURE"

    /// The first 16 bytes of the hash.
    public static func value(uci: String) -> [UInt8] { first(Array(uci.utf8)) }

    /// The first 16 bytes of the hash.
    public static func value(country: String, uci: String) -> [UInt8] { first(Array((country + uci).utf8)) }

    /// The first 16 bytes of the hash.
    public static func value(signature: [UInt8], algorithm: SignatureAlgorithm) -> [UInt8] {
        first(algorithm == .es256 ? Array(signature.prefix(32)) : signature)
    }

    private static func first(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(bytes).prefix(16)) }
}

/// A batch of the EU gateway's form: at most 1,000 hashes of one kind.
public struct RevocationBatch: Sendable, Equatable {
    /// The country that revokes, ISO 3166 alpha-2.
    public let country: String
    /// When the batch may be forgotten, RFC 3339: all its passports have expired by then.
    public let expires: String
    /// The key of the passports; nil: of any.
    public let keyIdentifier: [UInt8]?
    public let kind: RevocationHash
    /// The hashes, 16 bytes each.
    public let hashes: [[UInt8]]
    /// The most that a batch may hold.
    public static let mostEntries = 1000

    public init(country: String, expires: String, keyIdentifier: [UInt8]?, kind: RevocationHash, hashes: [[UInt8]]) {
        self.country = country
        self.expires = expires
        self.keyIdentifier = keyIdentifier
        self.kind = kind
        self.hashes = hashes
    }

    /// The batch as one JSON object on one line.
    public var json: String {
        let kid = keyIdentifier.map { Data($0).base64EncodedString() } ?? "UNKNOWN_KID"
        let entries = hashes.map { "{\"hash\":\"\(Data($0).base64EncodedString())\"}" }.joined(separator: ",")
        return "{\"country\":\"\(country)\",\"entries\":[\(entries)],\"expires\":\"\(expires)\","
            + "\"hashType\":\"\(kind.rawValue)\",\"kid\":\"\(kid)\"}"
    }
}

/// What a verifier knows of revoked passports.
public struct RevocationList: Sendable {
    private struct Entry: Hashable {
        let country: String
        let keyIdentifier: [UInt8]?
        let kind: RevocationHash
        let hash: [UInt8]
    }

    private var entries: Set<Entry> = []

    /// An empty list.
    public init() {}

    /// A list of batches.
    public init(_ batches: [RevocationBatch]) {
        for batch in batches { add(batch) }
    }

    /// How many hashes it holds.
    public var count: Int { entries.count }

    /// Reads a JSON array of batches, or one batch. A batch of an unknown kind or a hash of another length is an
    /// error: a verifier that skips what it cannot read would accept what was revoked.
    public init(json: [UInt8]) throws(CryptographyError) {
        let what = "read revocations"
        let root = try? JSONSerialization.jsonObject(with: Data(json))
        guard let batches = root as? [[String: Any]] ?? (root as? [String: Any]).map({ [$0] }) else {
            throw CryptographyError(what, "not a JSON array of batches")
        }
        for batch in batches {
            guard let country = batch["country"] as? String, let name = batch["hashType"] as? String,
                let kind = RevocationHash(rawValue: name), let kid = batch["kid"] as? String,
                let list = batch["entries"] as? [[String: Any]]
            else { throw CryptographyError(what, "a batch lacks country, hashType, kid or entries") }
            let identifier = kid == "UNKNOWN_KID" ? nil : Data(base64Encoded: kid).map { Array($0) }
            guard kid == "UNKNOWN_KID" || identifier != nil else { throw CryptographyError(what, "an odd kid") }
            for entry in list {
                guard let text = entry["hash"] as? String, let hash = Data(base64Encoded: text), hash.count >= 16 else {
                    throw CryptographyError(what, "an odd hash")
                }
                entries.insert(
                    Entry(country: country, keyIdentifier: identifier, kind: kind, hash: Array(hash.prefix(16))))
            }
        }
    }

    private mutating func add(_ batch: RevocationBatch) {
        for hash in batch.hashes {
            entries.insert(
                Entry(country: batch.country, keyIdentifier: batch.keyIdentifier, kind: batch.kind, hash: hash))
        }
    }

    /// Whether a passport is on the list by any of the three hashes, under its key or under any.
    func contains(
        countries: Set<String>, keyIdentifier: [UInt8], uci: String, signature: [UInt8],
        algorithm: SignatureAlgorithm
    ) -> Bool {
        guard !entries.isEmpty else { return false }
        for country in countries {
            let hashes: [(RevocationHash, [UInt8])] = [
                (.uci, RevocationHash.value(uci: uci)),
                (.countryAndUCI, RevocationHash.value(country: country, uci: uci)),
                (.signature, RevocationHash.value(signature: signature, algorithm: algorithm)),
            ]
            for (kind, hash) in hashes {
                for kid in [keyIdentifier, nil]
                where entries.contains(Entry(country: country, keyIdentifier: kid, kind: kind, hash: hash)) {
                    return true
                }
            }
        }
        return false
    }
}
