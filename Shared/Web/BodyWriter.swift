import Synchronization

/// Writes a response's body from a task. Small writes are gathered into larger chunks.
public final class BodyWriter: Sendable {
    private let channel: ByteChannel
    private let pending = Mutex<[UInt8]>([])

    init(channel: ByteChannel) { self.channel = channel }

    /// Writes bytes, waiting while the client is slow.
    /// - Throws: `ReaderGone` when the client has closed the connection.
    public func write(_ bytes: [UInt8]) async throws {
        if let chunk = gather(bytes, into: pending) { try await channel.write(chunk) }
    }

    public func write(_ text: String) async throws { try await write(Array(text.utf8)) }

    /// Hands over what has been gathered, for example before a pause.
    public func flush() async throws {
        if let chunk = takeAll(pending) { try await channel.write(chunk) }
    }
}

/// Writes a response's body from a thread that may block. Small writes are gathered into larger chunks.
public final class BlockingBodyWriter: Sendable {
    private let channel: ByteChannel
    private let pending = Mutex<[UInt8]>([])

    init(channel: ByteChannel) { self.channel = channel }

    /// Writes bytes, blocking while the client is slow.
    /// - Throws: `ReaderGone` when the client has closed the connection.
    public func write(_ bytes: [UInt8]) throws {
        if let chunk = gather(bytes, into: pending) { try channel.writeBlocking(chunk) }
    }

    public func write(_ text: String) throws { try write(Array(text.utf8)) }

    /// Hands over what has been gathered.
    public func flush() throws {
        if let chunk = takeAll(pending) { try channel.writeBlocking(chunk) }
    }
}

/// Bytes after which gathered writes become a chunk.
private let gatheredChunk = 32 << 10

private func gather(_ bytes: [UInt8], into pending: borrowing Mutex<[UInt8]>) -> [UInt8]? {
    pending.withLock { pending in
        pending.append(contentsOf: bytes)
        guard pending.count >= gatheredChunk else { return nil }
        defer {
            pending = []
            pending.reserveCapacity(gatheredChunk + 4_096)
        }
        return pending
    }
}

private func takeAll(_ pending: borrowing Mutex<[UInt8]>) -> [UInt8]? {
    pending.withLock { pending in
        defer { pending = [] }
        return pending.isEmpty ? nil : pending
    }
}
