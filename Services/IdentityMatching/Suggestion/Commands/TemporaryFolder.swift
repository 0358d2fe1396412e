import Glibc

/// A folder of this process's own, gone when it is let go.
final class TemporaryFolder {
    let path: String

    /// - Parameter parent: where to make it; the system's place for temporary files if empty.
    init(in parent: String = "") throws(IndexError) {
        let place = parent.isEmpty ? Self.systemPlace : parent
        var name = Array((place + "/identity-matching-XXXXXX").utf8CString)
        let made = unsafe name.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) != nil }
        guard made else { throw .unwritable(path: place, reason: MappedFile.reason(errno)) }
        path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static var systemPlace: String {
        guard let set = unsafe getenv("TMPDIR") else { return "/tmp" }
        let text = unsafe String(cString: set)
        return text.isEmpty ? "/tmp" : text
    }

    /// Removes the files that this folder was made for, then the folder.
    func remove(_ names: [String]) {
        for name in names { unsafe unlink(path + "/" + name) }
        unsafe rmdir(path)
    }
}
