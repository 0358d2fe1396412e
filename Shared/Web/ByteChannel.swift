import Dispatch
import Synchronization

/// The reader has gone: the client closed the connection, or the handler had read enough.
public struct ReaderGone: Error, CustomStringConvertible {
    public var description: String { "the other end is gone; nothing more can be written" }
}

/// A bounded pipe of bytes with one writer and one reader, each a libmicrohttpd callback, a task, or a blocking thread.
///
/// Waiting is one mechanism for all: register a closure that is called exactly once, when it is worth trying again. A
/// registration answers false when there is nothing to wait for; then the closure is not kept.
final class ByteChannel: Sendable {
    enum Poll {
        case chunk([UInt8])
        case empty
        case finished
        case failed(any Error)
    }

    enum Filled {
        case bytes(Int)
        case empty
        case finished
        case failed
    }

    enum Push {
        case taken
        case full
        case readerGone
    }

    typealias Wake = @Sendable () -> Void

    private enum Ending {
        case finished
        case failed(any Error)
    }

    private struct State {
        var chunks: [[UInt8]] = []
        var head = 0
        var offset = 0
        var size = 0
        var ending: Ending?
        var readerGone = false
        var cancelled = false
        var readerWake: Wake?
        var writerWake: Wake?

        mutating func popped(_ count: Int) {
            size -= count
            if head == chunks.count {
                chunks.removeAll(keepingCapacity: true)
                head = 0
            } else if head > 64 {
                chunks.removeFirst(head)
                head = 0
            }
        }
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: bytes after which the writer must wait; one chunk may overshoot it.
    init(capacity: Int) { self.capacity = capacity }

    // MARK: Writer

    /// Takes a chunk unless the pipe is full or nobody reads any more.
    func push(_ chunk: [UInt8]) -> Push {
        let (result, wake) = state.withLock { state -> (Push, Wake?) in
            if state.readerGone { return (.readerGone, nil) }
            guard state.ending == nil, !chunk.isEmpty else { return (.taken, nil) }
            guard state.size < capacity else { return (.full, nil) }
            state.chunks.append(chunk)
            state.size += chunk.count
            return (.taken, state.readerWake.take())
        }
        wake?()
        return result
    }

    var isFull: Bool { state.withLock { $0.size >= capacity && !$0.readerGone } }

    /// Calls `wake` once there is room or nobody reads any more; false, without keeping `wake`, if that is so already.
    func whenWritable(_ wake: @escaping Wake) -> Bool {
        state.withLock { state in
            if state.size < capacity || state.readerGone || state.cancelled { return false }
            state.writerWake = wake
            return true
        }
    }

    /// No more bytes will come.
    func finish() { end(.finished) }

    /// No more bytes will come, because of an error; the reader learns it after what is still in the pipe.
    func fail(_ error: any Error) { end(.failed(error)) }

    private func end(_ ending: Ending) {
        let wake = state.withLock { state -> Wake? in
            guard state.ending == nil else { return nil }
            state.ending = ending
            return state.readerWake.take()
        }
        wake?()
    }

    // MARK: Reader

    func poll() -> Poll {
        let (result, wake) = state.withLock { state -> (Poll, Wake?) in
            guard state.head < state.chunks.count else {
                switch state.ending {
                case nil: return (.empty, nil)
                case .finished: return (.finished, nil)
                case .failed(let error): return (.failed(error), nil)
                }
            }
            var chunk = state.chunks[state.head]
            state.chunks[state.head] = []
            if state.offset > 0 {
                chunk.removeFirst(state.offset)
                state.offset = 0
            }
            state.head += 1
            state.popped(chunk.count)
            return (.chunk(chunk), state.size < capacity ? state.writerWake.take() : nil)
        }
        wake?()
        return result
    }

    /// Copies what is there into `buffer`, as much as fits.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Filled {
        let (result, wake) = state.withLock { state -> (Filled, Wake?) in
            guard state.head < state.chunks.count else {
                switch state.ending {
                case nil: return (.empty, nil)
                case .finished: return (.finished, nil)
                case .failed: return (.failed, nil)
                }
            }
            var filled = 0
            while filled < buffer.count, state.head < state.chunks.count {
                let chunk = state.chunks[state.head]
                let count = min(chunk.count - state.offset, buffer.count - filled)
                chunk.withUnsafeBytes { bytes in
                    let part = UnsafeRawBufferPointer(rebasing: bytes[state.offset..<state.offset + count])
                    UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]).copyMemory(from: part)
                }
                filled += count
                state.offset += count
                if state.offset == chunk.count {
                    state.chunks[state.head] = []
                    state.head += 1
                    state.offset = 0
                }
            }
            state.popped(filled)
            return (.bytes(filled), state.size < capacity ? state.writerWake.take() : nil)
        }
        wake?()
        return result
    }

    /// Calls `wake` once there is something to read or the end; false, without keeping `wake`, if that is so already.
    func whenReadable(_ wake: @escaping Wake) -> Bool {
        state.withLock { state in
            if state.head < state.chunks.count || state.ending != nil || state.cancelled { return false }
            state.readerWake = wake
            return true
        }
    }

    /// Nothing more will be read: what is in the pipe is dropped, and the writer is told.
    func abandon() {
        let wake = state.withLock { state -> Wake? in
            state.readerGone = true
            state.chunks = []
            state.head = 0
            state.offset = 0
            state.size = 0
            return state.writerWake.take()
        }
        wake?()
    }

    var isAbandoned: Bool { state.withLock { $0.readerGone } }

    /// Wakes whoever waits on the Swift side, because its task was cancelled.
    private func cancel() {
        let wakes = state.withLock { state -> (Wake?, Wake?) in
            state.cancelled = true
            return (state.readerWake.take(), state.writerWake.take())
        }
        wakes.0?()
        wakes.1?()
    }

    // MARK: Waiting tasks

    /// The next chunk; nil at the end. Throws what the writer failed with, or `CancellationError`.
    func next() async throws -> [UInt8]? {
        while true {
            switch poll() {
            case .chunk(let chunk): return chunk
            case .finished: return nil
            case .failed(let error): throw error
            case .empty:
                try Task.checkCancellation()
                await wait { wake in whenReadable(wake) }
            }
        }
    }

    /// Writes a chunk, waiting for room. Throws `ReaderGone` or `CancellationError`.
    func write(_ chunk: [UInt8]) async throws {
        while true {
            switch push(chunk) {
            case .taken: return
            case .readerGone: throw ReaderGone()
            case .full:
                try Task.checkCancellation()
                await wait { wake in whenWritable(wake) }
            }
        }
    }

    private func wait(_ register: (@escaping Wake) -> Bool) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if !register({ continuation.resume() }) { continuation.resume() }
            }
        } onCancel: {
            cancel()
        }
    }

    // MARK: Waiting threads

    /// The next chunk; nil at the end. Blocks the calling thread: never call it on a task.
    func nextBlocking() throws -> [UInt8]? {
        while true {
            switch poll() {
            case .chunk(let chunk): return chunk
            case .finished: return nil
            case .failed(let error): throw error
            case .empty: block { wake in whenReadable(wake) }
            }
        }
    }

    /// Writes a chunk, waiting for room. Blocks the calling thread: never call it on a task.
    func writeBlocking(_ chunk: [UInt8]) throws {
        while true {
            switch push(chunk) {
            case .taken: return
            case .readerGone: throw ReaderGone()
            case .full: block { wake in whenWritable(wake) }
            }
        }
    }

    private func block(_ register: (@escaping Wake) -> Bool) {
        let semaphore = DispatchSemaphore(value: 0)
        if register({ semaphore.signal() }) { semaphore.wait() }
    }
}
