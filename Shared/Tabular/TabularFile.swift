import Glibc

/// Reads a file of rows in chunks, from first to last, with memory bounded by a chunk and a row.
///
/// - Parameters:
///   - path: the file; `-` is standard input.
///   - format: nil looks at the first bytes.
///   - body: gets each row and each row's error; throwing ends the reading.
/// - Throws: a fatal `TabularError` (the file cannot be opened, is empty, compressed, lacks columns), or what `body`
///   threw.
public func readTabularFile(
    path: String, format: TabularFormat? = nil, schema: TabularSchema, limits: TabularLimits = .standard,
    body: (Result<TabularRow, TabularError>) throws -> Void
) throws {
    var reader = TabularReader(format: format, schema: schema, limits: limits)
    func drain() throws {
        while let row = reader.next() {
            if case .failure(let error) = row, error.isFatal { throw error }
            try body(row)
        }
    }
    try readChunks(path: path) { chunk in
        reader.feed(chunk)
        try drain()
    }
    reader.finish()
    try drain()
}

/// Reads a file in chunks; `-` is standard input.
///
/// - Throws: `TabularError` (rule `unreadable-file`) naming the path and the system's reason, or what `body` threw.
public func readChunks(path: String, size: Int = 256 * 1024, body: ([UInt8]) throws -> Void) throws {
    func failure(_ code: Int32) -> TabularError {
        TabularError(
            line: 0, row: 0, rule: .unreadableFile,
            detail: "cannot read \(path): \(String(cString: strerror(code)))", isFatal: true)
    }
    let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { throw failure(errno) }
    defer { if descriptor != STDIN_FILENO { close(descriptor) } }
    while true {
        var code: Int32 = 0
        let chunk = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            let got = read(descriptor, buffer.baseAddress, size)
            if got < 0 { code = errno }
            count = max(0, got)
        }
        if code == EINTR { continue }
        if code != 0 { throw failure(code) }
        if chunk.isEmpty { return }
        try body(chunk)
    }
}
