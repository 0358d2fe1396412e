import Foundation

/// The public keys that bearer tokens are verified with (JWKS, RFC 7517): EC P-256 keys with a `kid`.
public struct JSONWebKeySet: Sendable {
    /// The keys by their identifier.
    public let keys: [String: PublicKey]

    /// A set of keys by identifier.
    public init(_ keys: [String: PublicKey]) { self.keys = keys }

    /// Reads a JWKS file. Keys of other kinds or uses are skipped, as RFC 7517 §5 asks; a malformed or
    /// repeated P-256 key, or none at all, is an error.
    public init(json: [UInt8]) throws(CryptographyError) {
        let what = "read JWKS"
        guard let root = try? JSONSerialization.jsonObject(with: Data(json)) as? [String: Any],
            let list = root["keys"] as? [[String: Any]]
        else { throw CryptographyError(what, "not a JSON object with \"keys\"") }
        var keys: [String: PublicKey] = [:]
        for entry in list where entry["kty"] as? String == "EC" && entry["crv"] as? String == "P-256" {
            if let use = entry["use"] as? String, use != "sig" { continue }
            if let algorithm = entry["alg"] as? String, algorithm != "ES256" { continue }
            guard let kid = entry["kid"] as? String, !kid.isEmpty else {
                throw CryptographyError(what, "a key without \"kid\"")
            }
            guard let x = (entry["x"] as? String).flatMap({ Base64URL.decode($0) }),
                let y = (entry["y"] as? String).flatMap({ Base64URL.decode($0) })
            else { throw CryptographyError(what, "key \(kid) has odd coordinates") }
            guard keys[kid] == nil else { throw CryptographyError(what, "key \(kid) stands twice") }
            keys[kid] = try PublicKey(x: x, y: y)
        }
        guard !keys.isEmpty else { throw CryptographyError(what, "no EC P-256 signature key in it") }
        self.keys = keys
    }

    /// The set as JSON, keys sorted by identifier.
    public var json: [UInt8] {
        let entries = keys.sorted { $0.key < $1.key }.compactMap { kid, key -> [String: String]? in
            guard let point = key.coordinates else { return nil }
            return [
                "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid,
                "x": Base64URL.encode(point.x), "y": Base64URL.encode(point.y),
            ]
        }
        let data = try? JSONSerialization.data(
            withJSONObject: ["keys": entries], options: [.sortedKeys, .prettyPrinted])
        return Array(data ?? Data()) + [0x0a]
    }
}

extension PublicKey {
    /// The JWK thumbprint of a P-256 key (RFC 7638), base64url: a key identifier that follows from the key.
    public var thumbprint: String {
        guard let point = coordinates else { return Base64URL.encode(SHA256.hash(der)) }
        let canonical =
            "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"\(Base64URL.encode(point.x))\",\"y\":\"\(Base64URL.encode(point.y))\"}"
        return Base64URL.encode(SHA256.hash(Array(canonical.utf8)))
    }
}
