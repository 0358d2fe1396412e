/// Recognises by their first bytes inputs that are no plain UTF-8 text, so that the sender is told what to do instead
/// of being shown a thousand unreadable rows.
enum ContentSignature {
    private static let known: [(bytes: [UInt8], rule: TabularRule, what: String)] = [
        ([0x1F, 0x8B], .compressed, "gzip data"),
        ([0x50, 0x4B, 0x03, 0x04], .compressed, "a zip archive or an Excel workbook"),
        ([0x28, 0xB5, 0x2F, 0xFD], .compressed, "zstd data"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], .compressed, "xz data"),
        ([0x42, 0x5A, 0x68, 0x39, 0x31, 0x41, 0x59], .compressed, "bzip2 data"),
        ([0x04, 0x22, 0x4D, 0x18], .compressed, "lz4 data"),
        ([0x37, 0x7A, 0xBC, 0xAF], .compressed, "a 7-Zip archive"),
        ([0xD0, 0xCF, 0x11, 0xE0], .wrongEncoding, "an old Excel workbook"),
        ([0x25, 0x50, 0x44, 0x46, 0x2D], .wrongEncoding, "a PDF document"),
        ([0xFF, 0xFE], .wrongEncoding, "UTF-16 text"),
        ([0xFE, 0xFF], .wrongEncoding, "UTF-16 text"),
    ]

    /// How many bytes are enough to tell.
    static let needed = 8

    /// The error to report for an input that starts like this, or nil if it may be text.
    static func refusal(of start: ArraySlice<UInt8>) -> TabularError? {
        for signature in known where start.starts(with: signature.bytes) {
            let remedy =
                signature.rule == .compressed
                ? "unpack it and send the plain text" : "save it as UTF-8 text (CSV or NDJSON) and send that"
            return TabularError(
                line: 1, row: 0, rule: signature.rule, detail: "the input is \(signature.what); \(remedy)",
                isFatal: true)
        }
        return nil
    }
}

/// What every reader does first: wait for the first bytes, refuse what is no text, drop a byte order mark.
struct InputBuffer: Sendable {
    private(set) var bytes: [UInt8] = []
    var position = 0
    private(set) var isFinished = false
    private var isOpened = false

    mutating func append(_ chunk: [UInt8]) {
        precondition(!isFinished, "fed after finish()")
        if position == bytes.count {
            bytes = chunk
        } else {
            bytes.removeSubrange(..<position)
            bytes.append(contentsOf: chunk)
        }
        position = 0
    }

    mutating func finish() { isFinished = true }

    enum Opening {
        case needsMore, open
        case refused(TabularError)
    }

    mutating func open() -> Opening {
        if isOpened { return .open }
        if bytes.count < ContentSignature.needed && !isFinished { return .needsMore }
        isOpened = true
        if let refusal = ContentSignature.refusal(of: bytes[position...]) { return .refused(refusal) }
        if bytes[position...].starts(with: [0xEF, 0xBB, 0xBF]) { position += 3 }
        return .open
    }

    mutating func drop() {
        bytes = []
        position = 0
    }
}

/// True if the bytes are well-formed UTF-8.
func isValidUTF8(_ bytes: [UInt8]) -> Bool {
    do {
        _ = try UTF8Span(validating: bytes.span)
        return true
    } catch {
        return false
    }
}
