/// The body of a request as chunks in the order they arrive. Reading slowly slows the client down: what is not read stays
/// in the client's socket, but for a bounded rest here.
///
/// A body is read once. It throws `Problem` 413 when it grows over the route's limit, and `BodyCut` when the client goes
/// away in the middle.
public struct RequestBody: AsyncSequence, Sendable {
    public typealias Element = [UInt8]

    let channel: ByteChannel

    public struct Iterator: AsyncIteratorProtocol {
        let channel: ByteChannel

        public mutating func next() async throws -> [UInt8]? { try await channel.next() }
    }

    public func makeAsyncIterator() -> Iterator { Iterator(channel: channel) }

    /// Runs `body` on a thread of its own, which may block: for parsers that feed a database transaction while the upload
    /// is still arriving.
    public func blocking<R: Sendable>(
        _ work: @escaping @Sendable (_ body: BlockingBody) throws -> R
    ) async throws -> R {
        let source = BlockingBody(channel: channel)
        return try await onThread("request-body") { try work(source) }
    }
}

/// The body of a request for a thread that may block.
public struct BlockingBody: Sendable {
    let channel: ByteChannel

    /// The next chunk; nil at the end. Blocks.
    public func next() throws -> [UInt8]? { try channel.nextBlocking() }
}

/// The client went away, or sent too slowly, before its body was complete.
public struct BodyCut: Error, CustomStringConvertible {
    public var description: String { "the client went away before its body was complete" }
}
