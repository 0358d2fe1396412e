import Cryptography
import Foundation
import Testing

@Suite struct TokenTests {
    let key: SigningKey
    let issuer: TokenIssuer
    let verifier: TokenVerifier
    let claims = TokenClaims(
        subject: "an", role: "facility-staff", unit: "79001", issuer: "tiemchung", audience: "tiemchung",
        issuedAt: 1000, expiresAt: 2000)

    init() throws {
        key = try .generateP256()
        issuer = try TokenIssuer(key: key)
        verifier = TokenVerifier(keys: issuer.keySet, issuer: "tiemchung", audience: "tiemchung")
    }

    func forged(header: String, body: String? = nil, signature: String? = nil) throws -> String {
        let good = try issuer.issue(claims).split(separator: ".").map(String.init)
        let first = Base64URL.encode(Array(header.utf8))
        let second = body.map { Base64URL.encode(Array($0.utf8)) } ?? good[1]
        let signed = try key.sign(Array((first + "." + second).utf8))
        return first + "." + second + "." + (signature ?? Base64URL.encode(signed))
    }

    @Test("AUT-01 a good token gives its claims")
    func good() throws {
        #expect(try verifier.verify(try issuer.issue(claims), at: 1500) == claims)
    }

    @Test("AUT-01 time, issuer and audience are checked")
    func timeIssuerAudience() throws {
        let token = try issuer.issue(claims)
        #expect(throws: TokenError.expired) { try verifier.verify(token, at: 2031) }
        #expect(throws: TokenError.notYetValid) { try verifier.verify(token, at: 900) }
        var other = claims
        other.audience = "elsewhere"
        #expect(throws: TokenError.audience) { try verifier.verify(try issuer.issue(other), at: 1500) }
        other = claims
        other.issuer = "nobody"
        #expect(throws: TokenError.issuer) { try verifier.verify(try issuer.issue(other), at: 1500) }
    }

    @Test("AUT-01 none, other algorithms and unknown keys are refused")
    func algorithms() throws {
        let kid = key.publicKey.thumbprint
        #expect(throws: TokenError.algorithm) {
            try verifier.verify(try forged(header: "{\"alg\":\"none\",\"kid\":\"\(kid)\"}", signature: ""), at: 1500)
        }
        #expect(throws: TokenError.algorithm) {
            try verifier.verify(try forged(header: "{\"alg\":\"HS256\",\"kid\":\"\(kid)\"}"), at: 1500)
        }
        #expect(throws: TokenError.unknownKey) {
            try verifier.verify(try forged(header: "{\"alg\":\"ES256\",\"kid\":\"other\"}"), at: 1500)
        }
        #expect(throws: TokenError.unknownKey) {
            try verifier.verify(try forged(header: "{\"alg\":\"ES256\"}"), at: 1500)
        }
        #expect(throws: TokenError.malformed) {
            try verifier.verify(
                try forged(header: "{\"alg\":\"ES256\",\"kid\":\"\(kid)\",\"crit\":[\"x\"]}"), at: 1500)
        }
        let stranger = try TokenIssuer(key: .generateP256(), keyID: kid)
        #expect(throws: TokenError.signature) { try verifier.verify(try stranger.issue(claims), at: 1500) }
    }

    @Test("AUT-01 malformed tokens are refused")
    func malformed() throws {
        let token = try issuer.issue(claims)
        for bad in ["", ".", "..", "a.b.c", token + "=", token + ".x", "é.é.é", String(repeating: "a", count: 10_000)] {
            #expect(throws: TokenError.self) { try verifier.verify(bad, at: 1500) }
        }
        let header = "{\"alg\":\"ES256\",\"kid\":\"\(key.publicKey.thumbprint)\"}"
        for body in [
            "[]", "{}", "{\"sub\":1}",
            "{\"sub\":\"a\",\"role\":\"r\",\"iss\":\"tiemchung\",\"aud\":\"tiemchung\",\"exp\":true}",
            "{\"sub\":\"a\",\"role\":\"r\",\"iss\":\"tiemchung\",\"aud\":\"tiemchung\",\"exp\":\"2000\"}",
            "{\"sub\":\"a\",\"role\":\"r\",\"iss\":\"tiemchung\",\"aud\":\"tiemchung\",\"exp\":1e300}",
            String(repeating: "[", count: 3000),
        ] {
            #expect(throws: TokenError.self) { try verifier.verify(try forged(header: header, body: body), at: 1500) }
        }
    }

    @Test func keySetSurvivesJSON() throws {
        let set = try JSONWebKeySet(json: issuer.keySet.json)
        #expect(set.keys == issuer.keySet.keys)
        #expect(throws: CryptographyError.self) { try JSONWebKeySet(json: Array("{\"keys\":[]}".utf8)) }
        #expect(throws: CryptographyError.self) { try JSONWebKeySet(json: []) }
    }

    @Test("RFC 7638 style thumbprint and RFC 7515 base64url")
    func base64() {
        #expect(Base64URL.encode([3, 236, 255, 224, 193]) == "A-z_4ME")
        #expect(Base64URL.decode("A-z_4ME") == [3, 236, 255, 224, 193])
        #expect(Base64URL.decode("A-z_4MF") == nil)
        #expect(Base64URL.decode("A") == nil)
        #expect(Base64URL.decode("AA==") == nil)
        #expect(Base64URL.decode("") == [])
    }
}
