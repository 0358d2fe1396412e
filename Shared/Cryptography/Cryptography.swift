// Cryptography: keys, certificates, detached signatures, bearer tokens and the vaccine passport's
// encoding (HCERT). The only module that imports OpenSSL, zlib, and libqrencode.
//
// How it fails: what cannot be done (a file that is no key, a signature that does not verify, a text
// that is no passport) is thrown as `CryptographyError` or as the narrower error of the part
// (`TokenError`, `PassportRejection`, `CBORError`); nothing here ends the process, whatever the input.
// Errors name the operation and OpenSSL's reason, never key material and never personal data.
//
// Threads: every public type may be used from any thread at once. Handles of OpenSSL live in final
// classes, are immutable after their creation (or guarded by a lock) and are freed with the last
// reference. A private key leaves the module only as PEM, through `SigningKey.pem`.
//
// Who may touch it: anybody may use it. A new algorithm needs a vector of its standard in the tests.

import COpenSSL

/// Something cryptographic that could not be done, and why.
public struct CryptographyError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was tried, e.g. "read private key".
    public let operation: String
    /// Why it failed, in English; never key material, never personal data.
    public let reason: String

    /// An error of one operation.
    public init(_ operation: String, _ reason: String) {
        self.operation = operation
        self.reason = reason
    }

    public var description: String { "\(operation): \(reason)" }

    /// The error that OpenSSL left behind on this thread; empties OpenSSL's queue.
    static func openSSL(_ operation: String) -> CryptographyError {
        var text = [CChar](repeating: 0, count: 256)
        let code = tiemchung_error_text(&text, text.count)
        guard code != 0 else { return CryptographyError(operation, "refused") }
        return CryptographyError(operation, text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) })
    }
}

/// Memory BIO of OpenSSL for one call.
final class MemoryBIO {
    let handle: OpaquePointer

    /// An empty one to write to.
    init() { handle = BIO_new(BIO_s_mem()) }

    /// One to read a copy of the bytes from.
    init(_ bytes: some Collection<UInt8>) {
        handle = BIO_new(BIO_s_mem())
        let copy = Array(bytes)
        if !copy.isEmpty { BIO_write(handle, copy, Int32(copy.count)) }
    }

    deinit { BIO_free(handle) }

    /// What has been written.
    var bytes: [UInt8] {
        var start: UnsafePointer<UInt8>?
        let count = tiemchung_bio_bytes(handle, &start)
        guard let start, count > 0 else { return [] }
        return Array(UnsafeBufferPointer(start: start, count: count))
    }
}

/// The DER bytes that one of OpenSSL's `i2d_…` functions writes.
func derBytes(_ write: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> [UInt8]? {
    var pointer: UnsafeMutablePointer<UInt8>?
    let count = write(&pointer)
    guard count > 0, let pointer else { return nil }
    defer { CRYPTO_free(pointer, "", 0) }
    return Array(UnsafeBufferPointer(start: pointer, count: Int(count)))
}
