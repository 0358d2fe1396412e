import Cryptography
import Foundation
import Synchronization
import Testing
import Web

@Suite("Bearer tokens")
struct TokenTests {
    private static let now: Int64 = 1_650_000_000

    private final class Setting: Sendable {
        let directory = FileManager.default.temporaryDirectory.path + "/jwks-\(UUID().uuidString)"
        let key: SigningKey
        let other: SigningKey
        let clock = Mutex(TokenTests.now)
        let reloads = Mutex<[String?]>([])

        init() throws {
            key = try SigningKey.generateP256()
            other = try SigningKey.generateP256()
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try write(JSONWebKeySet(["k1": key.publicKey]).json)
        }

        deinit { try? FileManager.default.removeItem(atPath: directory) }

        var path: String { directory + "/jwks.json" }

        func write(_ json: [UInt8]) throws { try Data(json).write(to: URL(fileURLWithPath: path), options: .atomic) }

        func authenticator() throws -> KeySetAuthenticator {
            try KeySetAuthenticator(
                path: path, issuer: "tiemchung", audience: "tiemchung", now: { self.clock.withLock { $0 } },
                onReload: { failure in self.reloads.withLock { $0.append(failure) } })
        }

        func token(
            header: [String: Any] = ["alg": "ES256", "typ": "JWT", "kid": "k1"], changing: [String: Any] = [:],
            removing: String = "",
            key: SigningKey? = nil
        ) throws -> String {
            var claims: [String: Any] = [
                "sub": "u1", "role": "cdc", "unit": "79", "iss": "tiemchung", "aud": "tiemchung",
                "iat": TokenTests.now, "exp": TokenTests.now + 600,
            ]
            claims.merge(changing) { $1 }
            claims[removing] = nil
            func part(_ object: [String: Any]) throws -> String {
                Base64URL.encode(Array(try JSONSerialization.data(withJSONObject: object)))
            }
            let text = try part(header) + "." + part(claims)
            return text + "." + Base64URL.encode(try (key ?? self.key).sign(Array(text.utf8)))
        }
    }

    @Test("a good token gives subject, role and unit")
    func good() throws {
        let setting = try Setting()
        let principal = try setting.authenticator().authenticate(setting.token())
        #expect(principal == Principal(subject: "u1", role: .cdc, unit: "79"))
    }

    @Test("AUT-16 the acceptance table: everything else is refused, each for its reason")
    func table() throws {
        let setting = try Setting()
        let authenticator = try setting.authenticator()
        let rsa = try SigningKey.generateRSA()
        let now = Self.now
        let good = try setting.token()
        let parts = good.split(separator: ".").map(String.init)
        let none = Base64URL.encode(Array(#"{"alg":"none","typ":"JWT"}"#.utf8))
        let cases: [(String, String, TokenError)] = [
            ("expired", try setting.token(changing: ["exp": now - 31]), .expired),
            ("not valid yet", try setting.token(changing: ["nbf": now + 31]), .notYetValid),
            ("issued in the future", try setting.token(changing: ["iat": now + 31]), .notYetValid),
            ("wrong audience", try setting.token(changing: ["aud": "other"]), .audience),
            ("no audience", try setting.token(removing: "aud"), .audience),
            ("wrong issuer", try setting.token(changing: ["iss": "other"]), .issuer),
            ("no expiry", try setting.token(removing: "exp"), .claims),
            ("expiry as text", try setting.token(changing: ["exp": "\(now + 600)"]), .claims),
            ("unknown role", try setting.token(changing: ["role": "root"]), .claims),
            ("unit is no text", try setting.token(changing: ["unit": 79]), .claims),
            ("none", none + "." + parts[1] + ".", .algorithm),
            ("none with a signature", none + "." + parts[1] + "." + parts[2], .algorithm),
            ("HS256", try setting.token(header: ["alg": "HS256", "kid": "k1"]), .algorithm),
            ("RS256", try setting.token(header: ["alg": "RS256", "kid": "k1"], key: rsa), .algorithm),
            ("lower-case algorithm", try setting.token(header: ["alg": "es256", "kid": "k1"]), .algorithm),
            ("unknown kid", try setting.token(header: ["alg": "ES256", "kid": "k2"]), .unknownKey),
            ("no kid", try setting.token(header: ["alg": "ES256"]), .unknownKey),
            ("another key under a known kid", try setting.token(key: setting.other), .signature),
            ("changed claims", parts[0] + "." + parts[1].dropLast() + "A." + parts[2], .signature),
            (
                "cut signature", parts[0] + "." + parts[1] + "." + Base64URL.encode([UInt8](repeating: 1, count: 60)),
                .signature
            ),
            (
                "critical extension", try setting.token(header: ["alg": "ES256", "kid": "k1", "crit": ["x"]]),
                .malformed
            ),
            ("two parts", parts[0] + "." + parts[1], .malformed),
            ("four parts", good + ".x", .malformed),
            ("empty", "", .malformed),
            ("too long", String(repeating: "a", count: 100_000), .malformed),
        ]
        for (name, token, expected) in cases {
            #expect(throws: expected, "\(name)") { try authenticator.authenticate(token) }
        }
    }

    @Test("a token that was good is refused once it has expired")
    func expiry() throws {
        let setting = try Setting()
        let authenticator = try setting.authenticator()
        let token = try setting.token()
        _ = try authenticator.authenticate(token)
        setting.clock.withLock { $0 = Self.now + 700 }
        #expect(throws: TokenError.expired) { try authenticator.authenticate(token) }
    }

    @Test("a changed key set is read again: new keys work, old ones do not, a broken file changes nothing")
    func reload() throws {
        let setting = try Setting()
        let authenticator = try setting.authenticator()
        let token = try setting.token()
        _ = try authenticator.authenticate(token)
        try setting.write(Array("{ broken".utf8))
        setting.clock.withLock { $0 += 1 }
        _ = try authenticator.authenticate(token)
        #expect(setting.reloads.withLock { $0.count } == 1)
        #expect(setting.reloads.withLock { $0[0] } != nil)
        try setting.write(JSONWebKeySet(["k2": setting.other.publicKey]).json)
        setting.clock.withLock { $0 += 1 }
        #expect(throws: TokenError.unknownKey) { try authenticator.authenticate(token) }
        let fresh = try setting.token(header: ["alg": "ES256", "kid": "k2"], key: setting.other)
        #expect(try authenticator.authenticate(fresh).role == .cdc)
    }

    @Test("a missing key set is named")
    func missing() {
        #expect(throws: KeySetError.self) {
            try KeySetAuthenticator(path: "/nowhere/jwks.json", issuer: "a", audience: "b", now: { 0 })
        }
    }

    @Test("the development issuer refuses outside development mode, and keeps its key between starts")
    func developmentIssuer() throws {
        let directory = FileManager.default.temporaryDirectory.path + "/issuer-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        #expect(throws: DevelopmentIssuerRefused.self) {
            try DevelopmentIssuer(directory: directory, developmentMode: false)
        }
        #expect(!FileManager.default.fileExists(atPath: directory))
        let first = try DevelopmentIssuer(directory: directory, developmentMode: true)
        let token = try first.issue(role: .facilityHead, unit: "79001", subject: "a", lifetime: 60, now: Self.now)
        let keys = FileManager.default.contents(atPath: directory + "/jwks.json")
        _ = try DevelopmentIssuer(directory: directory, developmentMode: true)
        #expect(FileManager.default.contents(atPath: directory + "/jwks.json") == keys)
        let mode = try FileManager.default.attributesOfItem(atPath: directory + "/development-issuer.pem")[
            .posixPermissions]
        #expect(mode as? Int == 0o600)
        let authenticator = try KeySetAuthenticator(
            path: directory + "/jwks.json", issuer: "tiemchung", audience: "tiemchung", now: { Self.now + 1 })
        #expect(try authenticator.authenticate(token) == Principal(subject: "a", role: .facilityHead, unit: "79001"))
    }
}
