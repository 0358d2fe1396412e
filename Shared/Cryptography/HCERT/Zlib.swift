import CZlib
import Synchronization

/// The zlib format (RFC 1950).
public enum Zlib {
    /// The compressed bytes. The first byte is 0x78 always: some readers of passports look for it.
    public static func compress(_ bytes: [UInt8]) throws(CryptographyError) -> [UInt8] {
        let used = idle.withLock { $0.popLast() }
        let stream: DeflateStream
        if let used { stream = used } else { stream = try DeflateStream() }
        let compressed = try stream.compress(bytes)
        idle.withLock { $0.append(stream) }
        return compressed
    }

    /// Streams at rest: starting one costs four times as much as compressing a passport.
    private static let idle = Mutex<[DeflateStream]>([])

    /// The decompressed bytes; throws if they would be more than the limit (a bomb costs no more than that),
    /// if the data are damaged or end early, or if bytes follow them.
    public static func decompress(_ bytes: [UInt8], limit: Int) throws(CryptographyError) -> [UInt8] {
        var count = UInt(limit)
        var used = UInt(bytes.count)
        var result: Int32 = Z_OK
        let plain = [UInt8](unsafeUninitializedCapacity: limit) { buffer, filled in
            result = uncompress2(buffer.baseAddress, &count, bytes, &used)
            filled = result == Z_OK ? Int(count) : 0
        }
        switch result {
        case Z_OK where used == UInt(bytes.count): return plain
        case Z_OK: throw CryptographyError("decompress", "bytes follow the compressed data")
        case Z_BUF_ERROR: throw CryptographyError("decompress", "longer than \(limit) bytes")
        default: throw CryptographyError("decompress", "damaged")
        }
    }
}

/// A compressor that is used again and again, by one thread at a time.
private final class DeflateStream: @unchecked Sendable {
    private let stream: UnsafeMutablePointer<z_stream>

    init() throws(CryptographyError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // A small hash table (memory level 5) is enough for a kilobyte, and quicker to empty.
        let result = deflateInit2_(
            stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15, 5, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard result == Z_OK else {
            stream.deallocate()
            throw CryptographyError("compress", "zlib error \(result)")
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    func compress(_ bytes: [UInt8]) throws(CryptographyError) -> [UInt8] {
        deflateReset(stream)
        let capacity = Int(deflateBound(stream, UInt(bytes.count)))
        var result: Int32 = Z_OK
        // deflate does not write to its input, though its type says so.
        let compressed = bytes.withUnsafeBufferPointer { input in
            [UInt8](unsafeUninitializedCapacity: capacity) { output, filled in
                stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.pointee.avail_in = UInt32(input.count)
                stream.pointee.next_out = output.baseAddress
                stream.pointee.avail_out = UInt32(capacity)
                result = deflate(stream, Z_FINISH)
                filled = result == Z_STREAM_END ? capacity - Int(stream.pointee.avail_out) : 0
            }
        }
        guard result == Z_STREAM_END else { throw CryptographyError("compress", "zlib error \(result)") }
        return compressed
    }
}
