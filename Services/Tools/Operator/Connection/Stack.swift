/// Where the services are and with which token each question is asked.
import Foundation
import RecordModel
import ToolArguments
import Web

struct Stack: Sendable {
    /// The five services, in the order of a dose's way.
    static let names = ["intake", "identity-matching", "correction-tasks", "signing", "passport-issuance"]

    /// Instance name and address; `intake-2` is a second instance of `intake`.
    let addresses: [(name: String, url: String)]
    private let tokenFile: String?
    private let issuerDirectory: String?
    /// Seconds for which a service that does not answer is asked again.
    let patience: Double

    /// - Parameter environment: `TIEMCHUNG_SERVICES`, `TIEMCHUNG_TOKEN_FILE`, `DEVELOPMENT_MODE`,
    ///   `DEVELOPMENT_ISSUER_DIR`, `TIEMCHUNG_PATIENCE`.
    init(_ arguments: Arguments, environment: [String: String]) throws {
        let text = arguments.values["--services"] ?? environment["TIEMCHUNG_SERVICES"] ?? ""
        var addresses: [(String, String)] = []
        for part in text.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
            guard pair.count == 2, pair[1].hasPrefix("http://") || pair[1].hasPrefix("https://") else {
                throw Arguments.Problem.unexpected(String(part))
            }
            addresses.append((pair[0], pair[1].hasSuffix("/") ? String(pair[1].dropLast()) : pair[1]))
        }
        if addresses.isEmpty {
            addresses = Stack.names.enumerated().map { ($1, "http://127.0.0.1:\(8101 + $0)") }
        }
        self.addresses = addresses
        tokenFile = arguments.values["--token-file"] ?? environment["TIEMCHUNG_TOKEN_FILE"]
        issuerDirectory =
            environment["DEVELOPMENT_MODE"] == "true" ? environment["DEVELOPMENT_ISSUER_DIR"] ?? ".local/keys" : nil
        patience = environment["TIEMCHUNG_PATIENCE"].flatMap(Double.init) ?? 0
    }

    /// The instances of a service, the first one first.
    func instances(of service: String) -> [(name: String, url: String)] {
        addresses.filter { Stack.service(of: $0.name) == service }
    }

    /// `intake-2` is of `intake`.
    static func service(of instance: String) -> String {
        names.first { instance == $0 || (instance.hasPrefix($0 + "-") && Int(instance.dropFirst($0.count + 1)) != nil) }
            ?? instance
    }

    enum Problem: Error, CustomStringConvertible {
        case noAddress(String)
        case noToken

        var description: String {
            switch self {
            case .noAddress(let service):
                "không biết địa chỉ của \(service) / no address of \(service): --services \(service)=http://…"
            case .noToken:
                "cần --token-file (ngoài chế độ phát triển) / --token-file is needed outside development mode"
            }
        }
    }

    /// A client of a service. In production the token of `--token-file` is used for everything and must have the role;
    /// in development mode the operator gets itself a token of the role that the question needs.
    func client(of service: String, as role: Role = .operator, unit: String = "CNTT") throws -> ServiceClient {
        guard let address = instances(of: service).first?.url else { throw Problem.noAddress(service) }
        return try client(at: address, service: service, as: role, unit: unit)
    }

    func client(at address: String, service: String, as role: Role = .operator, unit: String = "CNTT") throws
        -> ServiceClient
    {
        ServiceClient(
            service: service, address: address, token: try token(role: role, unit: unit, lifetime: 3600),
            patience: patience)
    }

    func token(role: Role, unit: String, lifetime: Int64) throws -> String {
        if let tokenFile {
            guard let data = FileManager.default.contents(atPath: tokenFile) else {
                throw InputUnreadable(path: tokenFile)
            }
            return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        guard let issuerDirectory else { throw Problem.noToken }
        return try DevelopmentIssuer(directory: issuerDirectory, developmentMode: true)
            .issue(role: role, unit: unit, lifetime: lifetime, now: Instant.now().microseconds / 1_000_000)
    }
}

/// A file that was named and cannot be read.
struct InputUnreadable: Error, CustomStringConvertible {
    let path: String
    var description: String { "không đọc được tệp / cannot read \(path)" }
}
