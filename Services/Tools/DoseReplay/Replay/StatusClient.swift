/// What the services say of themselves: GET /v1/operations/status with an operator's token.
import Cryptography
import Foundation
import FoundationNetworking
import RecordModel
import ToolArguments
import Web

/// Where the services are, and the right to ask them.
struct ServiceAddresses: Sendable {
    let addresses: [(name: String, url: String)]
    private let tokenFile: String?
    private let issuerDirectory: String?

    /// - Parameter text: `intake=http://…,identity-matching=http://…`; empty asks nobody.
    init(text: String, tokenFile: String?, environment: [String: String]) throws(Arguments.Problem) {
        var addresses: [(String, String)] = []
        for part in text.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
            guard pair.count == 2, pair[1].hasPrefix("http") else { throw .unexpected(String(part)) }
            addresses.append((pair[0], pair[1]))
        }
        self.addresses = addresses
        self.tokenFile = tokenFile
        issuerDirectory = environment["DEVELOPMENT_MODE"] == "true" ? environment["DEVELOPMENT_ISSUER_DIR"] : nil
    }

    /// A bearer token of the operator's role: from the file, or of the development issuer.
    func token() throws -> String {
        if let tokenFile {
            let text = try String(contentsOfFile: tokenFile, encoding: .utf8)
            return text.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        guard let issuerDirectory else { throw Arguments.Problem.missing("--token-file") }
        return try DevelopmentIssuer(directory: issuerDirectory, developmentMode: true)
            .issue(role: .operator, unit: "CNTT", now: Instant.now().microseconds / 1_000_000)
    }
}

struct StatusClient {
    let address: String
    let token: String

    struct Status {
        var outboxRows: Int64
        var counts: [String: Int64]
    }

    /// The service does not answer, or not with its status: it is asked again.
    struct Unavailable: Error {
        let service: String
    }

    /// Counts are asked only of services that work on by themselves, a register's re-verification for one: elsewhere
    /// they read whole tables and say nothing that lag and outbox do not.
    private static let worksByItself: Set<String> = ["intake", "identity-matching"]

    func status(of service: String) throws -> Status {
        let query = Self.worksByItself.contains(service) ? "" : "?counts=false"
        guard let url = URL(string: address + "/v1/operations/status" + query) else {
            throw Unavailable(service: service)
        }
        var request = URLRequest(url: url, timeoutInterval: 10)
        request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
        let answer = Waiting<(Data?, Int)>()
        let task = URLSession.shared.dataTask(with: request) { data, response, _ in
            answer.fulfil((data, (response as? HTTPURLResponse)?.statusCode ?? 0))
        }
        task.resume()
        let (data, code) = answer.wait()
        guard code == 200, let data, let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            throw Unavailable(service: service)
        }
        return Self.read(object)
    }

    static func read(_ object: [String: Any]) -> Status {
        let outbox = object["outbox"] as? [String: Any]
        let counts = object["counts"] as? [String: Any] ?? [:]
        return Status(
            outboxRows: (outbox?["rows"] as? NSNumber)?.int64Value ?? 0,
            counts: counts.compactMapValues { ($0 as? NSNumber)?.int64Value })
    }
}

/// A value that another thread brings.
final class Waiting<Value: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private var value: Value?

    func fulfil(_ value: Value) {
        condition.lock()
        self.value = value
        condition.signal()
        condition.unlock()
    }

    func wait() -> Value {
        condition.lock()
        defer { condition.unlock() }
        while value == nil { condition.wait() }
        return value!
    }
}
