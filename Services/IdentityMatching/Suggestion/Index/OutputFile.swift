import Glibc

/// A file that is written at places of the writer's choice, and renamed when it is whole.
@safe
final class IndexOutput {
    private let descriptor: Int32
    let path: String
    let temporary: String
    private var isDone = false

    /// - Throws: `IndexError.unwritable`.
    init(path: String) throws(IndexError) {
        self.path = path
        temporary = path + ".building"
        // Renamed over a device, the file would stand in its place.
        var there = stat()
        if unsafe lstat(path, &there) == 0, there.st_mode & S_IFMT != S_IFREG {
            throw .unwritable(path: path, reason: "it is there and no regular file")
        }
        descriptor = unsafe open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        if descriptor < 0 { throw .unwritable(path: temporary, reason: MappedFile.reason(errno)) }
    }

    deinit {
        close(descriptor)
        if !isDone { unsafe unlink(temporary) }
    }

    func write(_ bytes: ArraySlice<UInt8>, at offset: Int) throws(IndexError) {
        let failure = unsafe bytes.withUnsafeBytes { unsafe Self.writeAll($0, descriptor, offset) }
        if failure != 0 { throw .unwritable(path: temporary, reason: MappedFile.reason(failure)) }
    }

    /// Makes the file this long where nothing was written up to there.
    func extend(to length: Int) throws(IndexError) {
        guard ftruncate(descriptor, off_t(length)) == 0 else {
            throw .unwritable(path: temporary, reason: MappedFile.reason(errno))
        }
    }

    /// Makes what was written last over a crash, and gives it its name.
    func finish() throws(IndexError) {
        guard fsync(descriptor) == 0, unsafe rename(temporary, path) == 0 else {
            throw .unwritable(path: path, reason: MappedFile.reason(errno))
        }
        isDone = true
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let directory = unsafe open(
            folder.isEmpty ? (path.utf8.first == 0x2F ? "/" : ".") : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if directory >= 0 {
            fsync(directory)
            close(directory)
        }
    }

    /// Zero, or the system's error.
    static func writeAll(_ bytes: UnsafeRawBufferPointer, _ descriptor: Int32, _ offset: Int) -> Int32 {
        var done = 0
        while done < bytes.count {
            let written = unsafe pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
            if written < 0 {
                if errno == EINTR { continue }
                return errno
            }
            done += written
        }
        return 0
    }
}

/// Writes one section of an index file piece by piece, summing it up.
struct SectionWriter {
    private let output: IndexOutput
    private var buffer: [UInt8] = []
    private var place: Int
    let start: Int
    private var checksum = Checksum()

    init(_ output: IndexOutput, at start: Int) {
        self.output = output
        self.start = start
        place = start
        buffer.reserveCapacity(Self.size + 512)
    }

    private static let size = 1 << 18

    var length: Int { place - start + buffer.count }
    var sum: UInt64 { checksum.value }

    mutating func append(_ bytes: [UInt8]) throws(IndexError) {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.size { try flush() }
    }

    @inline(__always)
    mutating func append<Value: FixedWidthInteger>(_ value: Value) throws(IndexError) {
        for index in 0..<(Value.bitWidth / 8) { buffer.append(UInt8(truncatingIfNeeded: value >> Value(8 * index))) }
        if buffer.count >= Self.size { try flush() }
    }

    mutating func flush() throws(IndexError) {
        guard !buffer.isEmpty else { return }
        checksum.add(buffer[...])
        try output.write(buffer[...], at: place)
        place += buffer.count
        buffer.removeAll(keepingCapacity: true)
    }
}

/// A temporary file without a name: gone with the process, whatever happens.
@safe
final class NamelessFile {
    private let descriptor: Int32
    private let folder: String
    private(set) var end = 0

    /// - Throws: `IndexError.unwritable`.
    init(in folder: String) throws(IndexError) {
        self.folder = folder
        var name = Array((folder + "/index-XXXXXX").utf8CString)
        descriptor = unsafe name.withUnsafeMutableBufferPointer { buffer in
            let descriptor = unsafe mkstemp(buffer.baseAddress!)
            if descriptor >= 0 { unsafe unlink(buffer.baseAddress!) }
            return descriptor
        }
        if descriptor < 0 { throw .unwritable(path: folder, reason: MappedFile.reason(errno)) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    deinit { close(descriptor) }

    /// - Returns: where the bytes stand.
    @discardableResult
    func append<Element: BitwiseCopyable>(_ values: [Element]) throws(IndexError) -> Int {
        let place = end
        let failure = unsafe values.withUnsafeBytes { unsafe IndexOutput.writeAll($0, descriptor, place) }
        if failure != 0 { throw .unwritable(path: folder, reason: MappedFile.reason(failure)) }
        end += values.count * MemoryLayout<Element>.stride
        return place
    }

    /// Reads whole values from a place.
    func read<Element: FixedWidthInteger & BitwiseCopyable>(
        _ count: Int, at place: Int, into values: inout [Element]
    ) throws(IndexError) {
        let length = count * MemoryLayout<Element>.stride
        var failure: Int32 = 0
        let read = unsafe [Element](unsafeUninitializedCapacity: count) { buffer, filled in
            var done = 0
            while done < length {
                let start = unsafe UnsafeMutableRawPointer(buffer.baseAddress!) + done
                let got = unsafe pread(descriptor, start, length - done, off_t(place + done))
                if got < 0, errno == EINTR { continue }
                if got <= 0 {
                    failure = got < 0 ? errno : EIO
                    return
                }
                done += got
            }
            filled = count
        }
        if failure != 0 { throw .unreadable(path: folder, reason: MappedFile.reason(failure)) }
        values += read
    }
}
