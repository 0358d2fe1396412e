// SHA-256, HMAC-SHA-256, comparison in constant time and random bytes.
//
// SHA-256 goes through OpenSSL's low-level calls: an EVP digest costs two allocations and a lookup for
// each call, more than the hash of a dose key itself.

import COpenSSL

/// SHA-256 (FIPS 180-4).
public struct SHA256: ~Copyable {
    private var context = SHA256_CTX()

    /// A hash of nothing yet.
    public init() { SHA256_Init(&context) }

    /// Adds bytes.
    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Adds bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        if let start = bytes.baseAddress { SHA256_Update(&context, start, bytes.count) }
    }

    /// The 32 bytes of the hash of everything added.
    public consuming func finalize() -> [UInt8] {
        var copy = context
        return [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            SHA256_Final(buffer.baseAddress, &copy)
            count = 32
        }
    }

    /// The first four bytes of the hash of a text: with them identifiers of a facility's records begin.
    public static func prefix32(of text: String) -> UInt32 {
        hash(Array(text.utf8)).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// The 32 bytes of the hash of the bytes.
    public static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finalize()
    }

    /// The 32 bytes of the hash of the parts one after the other.
    public static func hash(_ parts: [UInt8]...) -> [UInt8] {
        var hash = SHA256()
        for part in parts { hash.update(part) }
        return hash.finalize()
    }
}

/// HMAC-SHA-256 (RFC 2104) under one key. Make it once and use it often: the key's two blocks are
/// hashed at its creation, so that a short message costs three compressions.
public struct KeyedHash: Sendable {
    private let inner: SHA256_CTX
    private let outer: SHA256_CTX

    /// A keyed hash; any key length is accepted (RFC 2104 asks for at least 32 bytes).
    public init(key: [UInt8]) {
        var block = key.count > 64 ? SHA256.hash(key) : key
        block.append(contentsOf: repeatElement(0, count: 64 - block.count))
        inner = KeyedHash.started(block.map { $0 ^ 0x36 })
        outer = KeyedHash.started(block.map { $0 ^ 0x5c })
    }

    private static func started(_ block: [UInt8]) -> SHA256_CTX {
        var context = SHA256_CTX()
        SHA256_Init(&context)
        SHA256_Update(&context, block, block.count)
        return context
    }

    /// The 32 bytes of HMAC over the parts one after the other. Parts of variable length need a
    /// separator or a length between them: the hash does not see where one part ends.
    public func hmacSHA256(_ parts: [UInt8]...) -> [UInt8] { authenticate(parts) }

    /// As `hmacSHA256(_:)`, over an array of parts.
    public func authenticate(_ parts: [[UInt8]]) -> [UInt8] {
        var context = inner
        for part in parts { SHA256_Update(&context, part, part.count) }
        return [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            SHA256_Final(buffer.baseAddress, &context)
            var last = outer
            SHA256_Update(&last, buffer.baseAddress, 32)
            SHA256_Final(buffer.baseAddress, &last)
            count = 32
        }
    }

    /// The first 16 bytes of HMAC over one message as two numbers, big endian; allocates nothing.
    public func prefix(of message: Span<UInt8>) -> (high: UInt64, low: UInt64) {
        var context = inner
        message.withUnsafeBytes { _ = SHA256_Update(&context, $0.baseAddress, $0.count) }
        var digest = (UInt64(0), UInt64(0), UInt64(0), UInt64(0))
        withUnsafeMutableBytes(of: &digest) { bytes in
            let start = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
            SHA256_Final(start, &context)
            context = outer
            SHA256_Update(&context, start, 32)
            SHA256_Final(start, &context)
        }
        return (UInt64(bigEndian: digest.0), UInt64(bigEndian: digest.1))
    }

    /// HMAC-SHA-256 of one message under a key that is used once.
    public static func hmacSHA256(key: [UInt8], _ parts: [UInt8]...) -> [UInt8] {
        KeyedHash(key: key).authenticate(parts)
    }
}

/// Whether two byte strings are equal, in a time that depends on their lengths only.
public func constantTimeEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    one.count == other.count && CRYPTO_memcmp(one, other, one.count) == 0
}

/// Bytes of OpenSSL's random generator.
public enum SecureRandom {
    /// So many random bytes. Ends the process if the system has no randomness: nothing could go on.
    public static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            guard count == 0 || RAND_bytes(buffer.baseAddress, Int32(count)) == 1 else {
                fatalError("the system gives no random bytes")
            }
            filled = count
        }
    }
}

/// Bytes as hexadecimal text.
public func hexadecimal(_ bytes: some Collection<UInt8>, upperCase: Bool = false) -> String {
    let letters: UInt8 = upperCase ? 0x41 - 10 : 0x61 - 10
    return String(unsafeUninitializedCapacity: bytes.count * 2) { text in
        var position = 0
        for byte in bytes {
            for digit in [byte >> 4, byte & 15] {
                text[position] = digit < 10 ? 0x30 + digit : letters + digit
                position += 1
            }
        }
        return position
    }
}
