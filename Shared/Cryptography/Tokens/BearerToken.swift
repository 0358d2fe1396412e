import Foundation

/// What a bearer token says (JWT, RFC 7519).
public struct TokenClaims: Sendable, Equatable {
    /// Who: `sub`.
    public var subject: String
    /// The role, `role`.
    public var role: String
    /// The unit's code, `unit`; may be empty.
    public var unit: String
    /// Who issued it, `iss`.
    public var issuer: String
    /// For whom, `aud`.
    public var audience: String
    /// Seconds since 1970: `iat`.
    public var issuedAt: Int64
    /// Seconds since 1970: `exp`.
    public var expiresAt: Int64

    public init(
        subject: String, role: String, unit: String, issuer: String, audience: String, issuedAt: Int64,
        expiresAt: Int64
    ) {
        self.subject = subject
        self.role = role
        self.unit = unit
        self.issuer = issuer
        self.audience = audience
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }
}

/// Why a token is refused.
public enum TokenError: String, Error, Sendable {
    case malformed = "the token is not a JWT"
    case algorithm = "the token's algorithm is not ES256"
    case unknownKey = "the token's key is not known"
    case signature = "the token's signature is wrong"
    case claims = "a claim is missing or of the wrong type"
    case issuer = "the token is of another issuer"
    case audience = "the token is for another audience"
    case expired = "the token has expired"
    case notYetValid = "the token is not valid yet"
}

/// Issues bearer tokens, ES256 only.
public struct TokenIssuer: Sendable {
    private let key: SigningKey
    private let keyID: String

    /// An issuer with an EC P-256 key; the key identifier is the key's thumbprint unless given.
    public init(key: SigningKey, keyID: String? = nil) throws(CryptographyError) {
        guard key.algorithm == .es256 else { throw CryptographyError("issue tokens", "the key is not EC P-256") }
        self.key = key
        self.keyID = keyID ?? key.publicKey.thumbprint
    }

    /// The key set with which a verifier verifies the tokens.
    public var keySet: JSONWebKeySet { JSONWebKeySet([keyID: key.publicKey]) }

    /// The compact form of a token with the claims.
    public func issue(_ claims: TokenClaims) throws(CryptographyError) -> String {
        let header: [String: Any] = ["alg": "ES256", "typ": "JWT", "kid": keyID]
        let body: [String: Any] = [
            "sub": claims.subject, "role": claims.role, "unit": claims.unit, "iss": claims.issuer,
            "aud": claims.audience, "iat": claims.issuedAt, "exp": claims.expiresAt,
        ]
        let text = TokenIssuer.part(header) + "." + TokenIssuer.part(body)
        return text + "." + Base64URL.encode(try key.sign(Array(text.utf8)))
    }

    private static func part(_ object: [String: Any]) -> String {
        let data = try? JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
        return Base64URL.encode(Array(data ?? Data()))
    }
}

/// Verifies bearer tokens: ES256 by a key of the set and nothing else, issuer, audience and time.
public struct TokenVerifier: Sendable {
    private let keys: JSONWebKeySet
    private let issuer: String
    private let audience: String
    private let leeway: Int64
    /// A longer token is refused unread.
    public static let longestToken = 8192

    /// - Parameter leeway: seconds by which clocks may differ.
    public init(keys: JSONWebKeySet, issuer: String, audience: String, leeway: Int64 = 30) {
        self.keys = keys
        self.issuer = issuer
        self.audience = audience
        self.leeway = leeway
    }

    /// The claims of a good token at an instant (seconds since 1970).
    public func verify(_ token: String, at seconds: Int64) throws(TokenError) -> TokenClaims {
        guard token.utf8.count <= TokenVerifier.longestToken else { throw .malformed }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = TokenVerifier.object(parts[0]),
            let signature = Base64URL.decode(parts[2])
        else { throw .malformed }
        guard header["alg"] as? String == "ES256" else { throw .algorithm }
        // Extensions that must be understood are not (RFC 7515 §4.1.11).
        guard header["crit"] == nil else { throw .malformed }
        guard let kid = header["kid"] as? String, let key = keys.keys[kid] else { throw .unknownKey }
        let signed = Array((parts[0] + "." + parts[1]).utf8)
        guard key.algorithm == .es256, key.verify(signature, over: signed) else { throw .signature }
        guard let body = TokenVerifier.object(parts[1]) else { throw .malformed }
        return try claims(body, at: seconds)
    }

    private func claims(_ body: [String: Any], at seconds: Int64) throws(TokenError) -> TokenClaims {
        guard let subject = body["sub"] as? String, let role = body["role"] as? String,
            let expiresAt = TokenVerifier.time(body["exp"])
        else { throw .claims }
        guard body["unit"] == nil || body["unit"] is String else { throw .claims }
        guard body["iss"] as? String == issuer else { throw .issuer }
        let audiences = (body["aud"] as? String).map { [$0] } ?? body["aud"] as? [String] ?? []
        guard audiences.contains(audience) else { throw .audience }
        guard seconds < expiresAt + leeway else { throw .expired }
        for name in ["nbf", "iat"] where body[name] != nil {
            guard let time = TokenVerifier.time(body[name]) else { throw .claims }
            guard time <= seconds + leeway else { throw .notYetValid }
        }
        return TokenClaims(
            subject: subject, role: role, unit: body["unit"] as? String ?? "", issuer: issuer, audience: audience,
            issuedAt: TokenVerifier.time(body["iat"]) ?? 0, expiresAt: expiresAt)
    }

    /// A NumericDate within the range that arithmetic on it is safe in; a boolean or text is none.
    private static func time(_ value: Any?) -> Int64? {
        if value is Bool { return nil }
        guard let number = value as? Double, number.magnitude < 1e12 else { return nil }
        return Int64(number)
    }

    private static func object(_ part: Substring) -> [String: Any]? {
        guard let bytes = Base64URL.decode(part) else { return nil }
        return try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
    }
}
