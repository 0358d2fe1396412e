public import Cryptography
import Foundation
import Glibc
import Synchronization

/// Turns a bearer token into who is asking.
public protocol Authenticator: Sendable {
    /// - Throws: the check that the token failed.
    func authenticate(_ token: String) throws(TokenError) -> Principal
}

/// Verifies tokens by a JWKS file, which is read again when it has changed, so that keys are rotated without a restart.
///
/// The file is looked at no more than once a second. A changed file that cannot be read leaves the old keys in use and is
/// reported through `onReload`.
public final class KeySetAuthenticator: Authenticator {
    private struct State {
        var verifier: TokenVerifier
        var stamp: FileStamp
        var lookedAt: Int64
        var known: [String: Known] = [:]
    }

    private struct Known {
        let principal: Principal
        let goodUntil: Int64
    }

    private let path: String
    private let issuer: String
    private let audience: String
    private let now: @Sendable () -> Int64
    private let onReload: @Sendable (_ failure: String?) -> Void
    private let state: Mutex<State>

    /// - Parameters:
    ///   - path: the JWKS file.
    ///   - now: the wall clock in seconds since 1970.
    ///   - onReload: told of each reload: nil, or why the changed file is not used.
    /// - Throws: `KeySetError` when the file is missing or holds no usable key.
    public init(
        path: String, issuer: String, audience: String, now: @escaping @Sendable () -> Int64,
        onReload: @escaping @Sendable (_ failure: String?) -> Void = { _ in }
    ) throws {
        self.path = path
        self.issuer = issuer
        self.audience = audience
        self.now = now
        self.onReload = onReload
        guard let stamp = FileStamp(path: path) else {
            throw KeySetError(path: path, reason: "the file does not exist or cannot be read")
        }
        let verifier = try Self.verifier(path, issuer, audience)
        state = Mutex(State(verifier: verifier, stamp: stamp, lookedAt: now()))
    }

    public func authenticate(_ token: String) throws(TokenError) -> Principal {
        let seconds = now()
        refresh(at: seconds)
        let (known, verifier) = state.withLock { ($0.known[token], $0.verifier) }
        if let known, seconds < known.goodUntil { return known.principal }
        let claims = try verifier.verify(token, at: seconds)
        guard let role = Role(rawValue: claims.role) else { throw .claims }
        let principal = Principal(subject: claims.subject, role: role, unit: claims.unit)
        // A signature check costs some 100 us; what was checked is remembered for a short while.
        let entry = Known(principal: principal, goodUntil: min(claims.expiresAt, seconds + 30))
        state.withLock { state in
            if state.known.count >= 1_000 { state.known.removeAll() }
            state.known[token] = entry
        }
        return principal
    }

    private func refresh(at seconds: Int64) {
        let changed = state.withLock { state -> Bool in
            guard state.lookedAt != seconds else { return false }
            state.lookedAt = seconds
            guard let stamp = FileStamp(path: path), stamp != state.stamp else { return false }
            state.stamp = stamp
            return true
        }
        guard changed else { return }
        do {
            let verifier = try Self.verifier(path, issuer, audience)
            state.withLock { state in
                state.verifier = verifier
                state.known.removeAll()
            }
            onReload(nil)
        } catch {
            onReload("\(error)")
        }
    }

    private static func verifier(_ path: String, _ issuer: String, _ audience: String) throws -> TokenVerifier {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw KeySetError(path: path, reason: "the file does not exist or cannot be read")
        }
        do {
            return TokenVerifier(keys: try JSONWebKeySet(json: Array(data)), issuer: issuer, audience: audience)
        } catch {
            throw KeySetError(path: path, reason: "\(error)")
        }
    }
}

/// The key set cannot be used.
public struct KeySetError: Error, CustomStringConvertible, Sendable {
    let path: String
    let reason: String

    public var description: String { "cannot use the key set \(path): \(reason)" }
}

/// What tells that a file is another one than before.
private struct FileStamp: Equatable {
    let device: UInt64
    let node: UInt64
    let size: Int
    let seconds: Int
    let nanoseconds: Int

    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        node = UInt64(status.st_ino)
        size = Int(status.st_size)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }
}
