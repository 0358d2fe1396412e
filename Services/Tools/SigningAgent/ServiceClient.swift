import Foundation
import FoundationNetworking
import Web

/// What the service answered, if not success.
struct ServiceRefusal: Error, CustomStringConvertible {
    let status: Int
    /// The problem's slug; empty where the answer was no problem document.
    let type: String
    let title: String
    let titleEnglish: String
    let detail: String
    /// Seconds after which trying again makes sense.
    let retryAfter: Int

    /// Whether the service is only busy or starting.
    var isForNow: Bool { status == 429 || status == 503 }

    var description: String {
        let titles = title.isEmpty ? "HTTP \(status)" : "\(title) / \(titleEnglish)"
        return detail.isEmpty ? titles : "\(titles) (\(detail))"
    }
}

/// The service cannot be reached.
struct ServiceUnreachable: Error, CustomStringConvertible {
    let reason: String
    var description: String { "không kết nối được dịch vụ ký / the signing service cannot be reached: \(reason)" }
}

/// Talks to Signing over HTTP; connections are kept alive and shared by all facilities of a run.
final class ServiceClient: Sendable {
    private let base: String
    private let session: URLSession

    /// - Parameter service: e.g. `http://127.0.0.1:8104`.
    init(service: String, connections: Int) {
        base = service.hasSuffix("/") ? String(service.dropLast()) : service
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpMaximumConnectionsPerHost = connections
        configuration.timeoutIntervalForRequest = 120
        session = URLSession(configuration: configuration)
    }

    struct Turn: Decodable, Sendable {
        var turnId: String
        var unitCode: String
        var state: String
        var persons: Int
        var doses: Int
        var manifestSha256: String
        var signerSerial: String?
        /// Of a turn just prepared: whether signable doses were left for another one.
        var more: Bool?
    }

    struct Signable: Decodable, Sendable {
        struct Facility: Decodable, Sendable {
            var facilityCode: String
            var signable: Int
        }
        var facilities: [Facility]
    }

    struct TurnWish: Encodable, Sendable {
        var from: String?
        var to: String?
        var persons: Int?
    }

    func prepareTurn(_ wish: TurnWish, token: String) async throws -> Turn {
        let encoder = JSONEncoder()
        let body = try encoder.encode(wish)
        return try decode(await send("POST", "/v1/turns", token: token, body: body, type: "application/json"))
    }

    func manifest(of turn: Turn, token: String) async throws -> [UInt8] {
        try await send("GET", "/v1/turns/\(turn.turnId)/manifest", token: token)
    }

    func content(of turn: Turn, token: String) async throws -> [UInt8] {
        try await send("GET", "/v1/turns/\(turn.turnId)/content", token: token)
    }

    func sign(_ turn: Turn, signature: [UInt8], token: String) async throws -> Turn {
        try decode(
            await send(
                "POST", "/v1/turns/\(turn.turnId)/signature", token: token, body: Data(signature),
                type: "application/pkcs7-signature"))
    }

    func signable(token: String) async throws -> [Signable.Facility] {
        try (decode(await send("GET", "/v1/signable", token: token)) as Signable).facilities
    }

    func register(unitCode: String, pem: String, token: String) async throws {
        let body = try JSONEncoder().encode(["unit_code": unitCode, "pem": pem])
        _ = try await send("POST", "/v1/certificates", token: token, body: body, type: "application/json")
    }

    private func decode<T: Decodable>(_ bytes: [UInt8]) throws -> T {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(T.self, from: Data(bytes))
    }

    private struct ProblemBody: Decodable {
        var type: String?
        var title: String?
        var titleEn: String?
        var detail: String?
    }

    /// How often a request is sent again while the service is busy or starting (429, 503).
    private static let patience = 20

    /// Sends a request, and again after a while where the service asks for it.
    private func send(
        _ method: String, _ path: String, token: String, body: Data? = nil, type: String = ""
    ) async throws -> [UInt8] {
        var attempts = 0
        while true {
            do {
                return try await sendOnce(method, path, token: token, body: body, type: type)
            } catch let refusal as ServiceRefusal where refusal.isForNow && attempts < Self.patience {
                attempts += 1
                try await Task.sleep(for: .seconds(refusal.retryAfter))
            }
        }
    }

    private func sendOnce(
        _ method: String, _ path: String, token: String, body: Data?, type: String
    ) async throws -> [UInt8] {
        guard let url = URL(string: base + path) else { throw ServiceUnreachable(reason: "the address cannot be read") }
        var request = URLRequest(url: url)
        request.httpMethod = method
        request.setValue("Bearer " + token, forHTTPHeaderField: "authorization")
        if let body {
            request.httpBody = body
            request.setValue(type, forHTTPHeaderField: "content-type")
        }
        let data: Data
        let response: URLResponse
        do {
            (data, response) = try await answer(to: request)
        } catch let error as URLError {
            throw ServiceUnreachable(reason: error.localizedDescription)
        }
        let status = (response as? HTTPURLResponse)?.statusCode ?? 0
        guard (200..<300).contains(status) else {
            let problem: ProblemBody? = try? decode([UInt8](data))
            throw ServiceRefusal(
                status: status, type: problem?.type?.split(separator: ":").last.map(String.init) ?? "",
                title: problem?.title ?? "", titleEnglish: problem?.titleEn ?? "", detail: problem?.detail ?? "",
                retryAfter: (response as? HTTPURLResponse)?.value(forHTTPHeaderField: "retry-after").flatMap(Int.init)
                    ?? 1)
        }
        return [UInt8](data)
    }

    /// One exchange, which cancellation does not touch: it ends with its answer or at its time limit. `URLSession.data(for:)`
    /// cancels the exchange in a task's cancellation handler, and where it fails in the same moment the two wait for each
    /// other for ever.
    private func answer(to request: URLRequest) async throws -> (Data, URLResponse) {
        try await withCheckedThrowingContinuation { continuation in
            session.dataTask(with: request) { data, response, error in
                if let data, let response, error == nil {
                    continuation.resume(returning: (data, response))
                } else {
                    continuation.resume(throwing: error ?? URLError(.badServerResponse))
                }
            }.resume()
        }
    }
}
