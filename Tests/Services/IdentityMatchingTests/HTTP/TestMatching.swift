import Cryptography
import Foundation
import FoundationNetworking
import RecordModel
import Storage
import TestSupport
import Testing
import Web

@testable import IdentityMatching

/// Takes `role@unit` or `role@unit@account` for a token.
private struct PlainTokens: Authenticator {
    func authenticate(_ token: String) throws(TokenError) -> Principal {
        let parts = token.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 2, let role = Role(rawValue: parts[0]) else { throw TokenError.malformed }
        return Principal(subject: parts.count > 2 ? parts[2] : "tester", role: role, unit: parts[1])
    }
}

/// The service's routes behind a real server.
struct TestMatching {
    let fixture: MatchingFixture
    let server: HTTPServer

    struct Answer: Sendable {
        let status: Int
        let text: String
        let retryAfter: String?
    }

    static func with(
        limits: RateLimits.Allowance = .init(account: 10_000, unit: 10_000), guessesPerDay: Int = 10,
        _ body: (TestMatching) async throws -> Void
    ) async throws {
        try await MatchingFixture.with { fixture in
            let server = try HTTPServer(
                HTTPServerConfiguration(address: ListenAddress(host: "127.0.0.1", port: 0)),
                routes: IdentityMatching.routes(
                    fixture.database,
                    police: fixture.police(views: limits, questions: limits, guessesPerDay: guessesPerDay),
                    clock: fixture.clock, log: TestPostgres.log),
                authenticator: PlainTokens(), log: TestPostgres.log)
            let result: Result<Void, any Error>
            do { result = .success(try await body(TestMatching(fixture: fixture, server: server))) } catch {
                result = .failure(error)
            }
            await server.stop(graceSeconds: 2)
            try result.get()
        }
    }

    func ask(
        _ method: String, _ path: String, as role: Role, unit: String = "79001", account: String = "tester",
        body: String? = nil, type: String = "text/csv", purpose: String? = nil
    ) async throws -> Answer {
        let url = try #require(URL(string: "http://127.0.0.1:\(server.port)\(path)"))
        var request = URLRequest(url: url)
        // Other suites of this process may hold the task threads, of which a small machine has two, for a minute and more.
        request.timeoutInterval = 600
        request.httpMethod = method
        request.setValue("Bearer \(role.rawValue)@\(unit)@\(account)", forHTTPHeaderField: "authorization")
        if let purpose { request.setValue(purpose, forHTTPHeaderField: "x-purpose") }
        if let body {
            request.httpBody = Data(body.utf8)
            request.setValue(type, forHTTPHeaderField: "content-type")
        }
        let (data, response) = try await URLSession.shared.data(for: request)
        let answer = response as? HTTPURLResponse
        return Answer(
            status: answer?.statusCode ?? 0, text: String(decoding: data, as: UTF8.self),
            retryAfter: answer?.value(forHTTPHeaderField: "retry-after"))
    }

    func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }
}
