public import RecordModel

/// Writes the rows of a `COPY … FROM STDIN`: a `row(columns:)` and then so many values, in order. The same calls serve the
/// text and the binary format; `raw` passes on data that already has the format of the statement.
public final class CopyWriter {
    /// The server no longer takes data; its answer says why.
    struct Interrupted: Error {}

    private let isBinary: Bool
    private let send: ([UInt8]) -> Bool
    private var buffer: [UInt8] = []
    private var isFirstValue = true
    private var isInRow = false
    private static let chunk = 256 * 1024

    init(isBinary: Bool, send: @escaping ([UInt8]) -> Bool) {
        self.isBinary = isBinary
        self.send = send
        buffer.reserveCapacity(CopyWriter.chunk + 4096)
        if isBinary {
            buffer += [0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00, 0, 0, 0, 0, 0, 0, 0, 0]
        }
    }

    /// Begins a row of so many columns.
    public func row(columns: Int) throws {
        endTextRow()
        if buffer.count >= CopyWriter.chunk { try flush() }
        isFirstValue = true
        isInRow = true
        if isBinary { buffer.appendBigEndian(Int16(columns)) }
    }

    public func null() {
        if isBinary { buffer.appendBigEndian(Int32(-1)) } else { textValue { $0 += [0x5C, 0x4E] } }
    }

    public func text(_ value: String?) {
        guard let value else { return null() }
        if isBinary {
            sized { $0.append(contentsOf: value.utf8) }
        } else {
            textValue { buffer in
                for byte in value.utf8 {
                    switch byte {
                    case 0x5C: buffer += [0x5C, 0x5C]
                    case 0x09: buffer += [0x5C, 0x74]
                    case 0x0A: buffer += [0x5C, 0x6E]
                    case 0x0D: buffer += [0x5C, 0x72]
                    default: buffer.append(byte)
                    }
                }
            }
        }
    }

    public func bytes(_ value: [UInt8]?) {
        guard let value else { return null() }
        if isBinary {
            sized { $0.append(contentsOf: value) }
        } else {
            textValue { buffer in
                buffer += [0x5C, 0x5C, 0x78]
                for byte in value {
                    for nibble in [byte >> 4, byte & 15] { buffer.append(nibble < 10 ? 0x30 + nibble : 0x57 + nibble) }
                }
            }
        }
    }

    public func int4(_ value: Int32?) { plain(value) { $1.appendBigEndian($0) } }
    public func int8(_ value: Int64?) { plain(value) { $1.appendBigEndian($0) } }
    public func bool(_ value: Bool?) { plain(value) { $1.append($0 ? 1 : 0) } }
    public func instant(_ value: Instant?) { plain(value) { $1.appendBigEndian($0.postgresMicroseconds) } }
    public func date(_ value: CalendarDate?) { plain(value) { $1.appendBigEndian($0.postgresDays) } }
    public func uuid<Kind>(_ value: Identifier<Kind>?) {
        plain(value) { identifier, buffer in
            buffer.appendBigEndian(identifier.high)
            buffer.appendBigEndian(identifier.low)
        }
    }

    /// Data in the statement's own format, whole rows or not.
    public func raw(_ bytes: some Collection<UInt8>) throws {
        endTextRow()
        buffer.append(contentsOf: bytes)
        if buffer.count >= CopyWriter.chunk { try flush() }
    }

    private func plain<Value: CustomStringConvertible>(_ value: Value?, _ write: (Value, inout [UInt8]) -> Void) {
        guard let value else { return null() }
        if isBinary {
            sized { write(value, &$0) }
        } else {
            textValue { $0.append(contentsOf: value.description.utf8) }
        }
    }

    private func sized(_ write: (inout [UInt8]) -> Void) {
        let start = buffer.count
        buffer.appendBigEndian(Int32(0))
        write(&buffer)
        buffer.patchBigEndian(Int32(buffer.count - start - 4), at: start)
    }

    private func textValue(_ write: (inout [UInt8]) -> Void) {
        if !isFirstValue { buffer.append(0x09) }
        isFirstValue = false
        write(&buffer)
    }

    private func endTextRow() {
        if isInRow && !isBinary { buffer.append(0x0A) }
        isInRow = false
    }

    private func flush() throws {
        guard !buffer.isEmpty else { return }
        guard send(buffer) else { throw Interrupted() }
        buffer.removeAll(keepingCapacity: true)
    }

    func finish() throws {
        endTextRow()
        if isBinary { buffer.appendBigEndian(Int16(-1)) }
        try flush()
    }
}
