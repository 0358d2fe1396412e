import Dispatch
import Foundation
import Observability
import RecordModel
import Synchronization
import Testing
import Web

@testable import Operator

/// Services in miniature: a real HTTP server with real tokens whose routes answer what a test says.
final class MiniatureServices: Sendable {
    let folder: String
    private let server: HTTPServer

    init(_ routes: [Route]) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("operator-\(UUID().uuidString)").path
        _ = try DevelopmentIssuer(directory: folder, developmentMode: true)
        let authenticator = try KeySetAuthenticator(
            path: folder + "/" + DevelopmentIssuer.keySetFile, issuer: "tiemchung", audience: "tiemchung",
            now: { Instant.now().microseconds / 1_000_000 })
        server = try HTTPServer(
            HTTPServerConfiguration(address: try #require(ListenAddress("127.0.0.1:0"))), routes: routes,
            authenticator: authenticator, log: Log(service: "test"))
    }

    /// Runs a command line against these services; all five are the one server.
    func run(_ arguments: String..., environment more: [String: String] = [:]) async -> Int32 {
        let services = Stack.names.map { "\($0)=http://127.0.0.1:\(server.port)" }.joined(separator: ",")
        let environment = [
            "TIEMCHUNG_SERVICES": services, "DEVELOPMENT_MODE": "true", "DEVELOPMENT_ISSUER_DIR": folder,
        ].merging(more) { $1 }
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(returning: Operator.run(arguments, environment: environment))
            }
        }
    }

    func file(_ name: String) -> String { folder + "/" + name }

    func content(_ name: String) -> String? {
        FileManager.default.contents(atPath: file(name)).map { String(decoding: $0, as: UTF8.self) }
    }

    func stop() async {
        await server.stop(graceSeconds: 1)
        try? FileManager.default.removeItem(atPath: folder)
    }
}

/// Calls a test's body with services and stops them.
func withServices(_ routes: [Route], _ body: (MiniatureServices) async throws -> Void) async throws {
    let services = try MiniatureServices(routes)
    do {
        try await body(services)
        await services.stop()
    } catch {
        await services.stop()
        throw error
    }
}
