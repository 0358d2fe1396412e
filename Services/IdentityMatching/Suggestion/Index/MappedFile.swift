import Glibc

/// A file mapped into memory, read only, shared by all instances of a host through the system's page cache.
///
/// The file must not change while it is mapped: an index file is written under another name and renamed, never in place.
/// Every read is bounds-checked; a read outside the file gives zero.
@safe
final class MappedFile: @unchecked Sendable {
    private let base: UnsafeRawPointer
    let count: Int

    /// - Throws: `IndexError.unreadable` with the system's reason.
    init(path: String) throws(IndexError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(path: path, reason: Self.reason(errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_size > 0 else {
            throw .unreadable(path: path, reason: status.st_size == 0 ? "the file is empty" : Self.reason(errno))
        }
        let size = Int(status.st_size)
        guard let mapped = unsafe mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0), unsafe mapped != MAP_FAILED
        else {
            throw .unreadable(path: path, reason: Self.reason(errno))
        }
        unsafe base = UnsafeRawPointer(mapped)
        count = size
    }

    deinit { unsafe munmap(UnsafeMutableRawPointer(mutating: base), count) }

    /// The value at this byte offset; zero bits outside the file.
    @inline(__always)
    func load<Value: BitwiseCopyable & FixedWidthInteger>(_ offset: Int, as type: Value.Type = Value.self) -> Value {
        guard offset >= 0, offset &+ MemoryLayout<Value>.size <= count else { return 0 }
        return unsafe base.loadUnaligned(fromByteOffset: offset, as: Value.self)
    }

    /// Gives the bytes of a range to the body; an empty span for a range that leaves the file.
    @inline(__always)
    func withBytes<Result>(_ offset: Int, _ length: Int, _ body: (Span<UInt8>) -> Result) -> Result {
        let fits = offset >= 0 && length >= 0 && offset <= count && length <= count - offset
        let start = unsafe (base + (fits ? offset : 0)).assumingMemoryBound(to: UInt8.self)
        return unsafe body(UnsafeBufferPointer(start: start, count: fits ? length : 0).span)
    }

    func bytes(_ offset: Int, _ length: Int) -> [UInt8] {
        withBytes(offset, length) { span in
            var copy: [UInt8] = []
            copy.reserveCapacity(span.count)
            for index in 0..<span.count { copy.append(span[index]) }
            return copy
        }
    }

    /// Asks the system to bring the pages of a range in: a search must not wait for a disk.
    func willNeed(_ offset: Int, _ length: Int) {
        let page = 4096
        let start = max(0, offset) / page * page
        guard start < count else { return }
        _ = unsafe madvise(
            UnsafeMutableRawPointer(mutating: base + start), min(count, offset + length) - start, MADV_WILLNEED)
    }

    static func reason(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
