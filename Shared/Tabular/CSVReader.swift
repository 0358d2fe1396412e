/// A streaming CSV reader (RFC 4180) over chunks of bytes.
///
/// Tolerated: a byte order mark, CRLF, LF or CR line ends, line breaks inside quotes, empty lines, columns in any
/// order, unknown columns, a last row without a line end, a quote inside an unquoted value.
///
/// ```
/// var reader = CSVReader(schema: schema)
/// for chunk in chunks {
///     reader.feed(chunk)
///     while let row = reader.next() { … }      // nil: feed more, or the end after finish()
/// }
/// reader.finish()
/// while let row = reader.next() { … }
/// ```
public struct CSVReader: Sendable {
    private enum State { case fieldStart, unquoted, quoted, quoteInQuoted, resynchronise }

    private let limits: TabularLimits
    private var schema: TabularSchema?
    private var input = InputBuffer()
    private var isEnded = false

    /// For each column of the file: its place in the schema, or -1 where it is not wanted. Empty before the header.
    private var mapping: [Int] = []
    private var hasHeader = false

    private var state = State.fieldStart
    private var skipsLineFeed = false
    private var line = 1
    private var number = 0

    // The row in progress.
    private var rowLine = 1
    private var bytes: [UInt8] = []
    private var ranges: [UInt32] = []
    private var headerEnds: [Int] = []
    private var fieldIndex = 0
    private var fieldStart = 0
    private var fieldLength = 0
    private var rowLength = 0
    private var highBits: UInt8 = 0
    private var wasQuoted = false
    private var isKeeping = true
    private var problem: (rule: TabularRule, column: Int)?
    private var typicalSize = 256

    /// - Parameter schema: the columns to deliver; nil delivers every column of the header.
    public init(schema: TabularSchema?, limits: TabularLimits = .standard) {
        self.schema = schema
        self.limits = limits
    }

    /// A reader that delivers every column of the header.
    public init(limits: TabularLimits = .standard) { self.init(schema: nil, limits: limits) }

    /// A reader for these columns.
    public init(columns: [String], required: [String] = [], limits: TabularLimits = .standard) {
        self.init(schema: TabularSchema(columns: columns, required: required), limits: limits)
    }

    /// Hands over the next bytes of the input.
    public mutating func feed(_ chunk: [UInt8]) {
        if !isEnded { input.append(chunk) }
    }

    /// Says that the input is complete. Not to be called for an input that was cut: its last row is then not taken.
    public mutating func finish() { input.finish() }

    /// The next row or the next error; nil when more bytes are needed, or after `finish()` at the end.
    public mutating func next() -> Result<TabularRow, TabularError>? {
        if isEnded { return nil }
        switch input.open() {
        case .needsMore: return nil
        case .refused(let error): return fail(error)
        case .open: break
        }
        while scanRow() {
            defer { startRow() }
            if fieldIndex == 1, rowLength == 1, !wasQuoted, problem == nil { continue }
            if !hasHeader {
                if let error = readHeader() { return fail(error) }
                continue
            }
            return completeRow()
        }
        guard input.isFinished else { return nil }
        isEnded = true
        if !hasHeader {
            return .failure(
                TabularError(
                    line: 1, row: 0, rule: .emptyInput, detail: "the input is empty; a header line is needed",
                    isFatal: true))
        }
        return nil
    }

    private mutating func fail(_ error: TabularError) -> Result<TabularRow, TabularError> {
        isEnded = true
        input.drop()
        return .failure(error)
    }

    // MARK: Scanning

    /// Scans on; true when a row is complete.
    private mutating func scanRow() -> Bool {
        let source = input.bytes
        var position = input.position
        let isComplete = source.withUnsafeBufferPointer { scan($0, &position) }
        input.position = position
        if isComplete { return true }
        guard input.isFinished else { return false }
        // What stands at the end without a line end is a row too.
        if state == .fieldStart && fieldIndex == 0 { return false }
        if state == .quoted { problem = problem ?? (.unclosedQuote, fieldIndex) }
        endField()
        state = .fieldStart
        return true
    }

    private mutating func scan(_ source: UnsafeBufferPointer<UInt8>, _ position: inout Int) -> Bool {
        let end = source.count
        while position < end {
            switch state {
            case .fieldStart:
                if skipsLineFeed {
                    skipsLineFeed = false
                    if source[position] == 0x0A {
                        position += 1
                        continue
                    }
                }
                if source[position] == UInt8(ascii: "\"") {
                    wasQuoted = true
                    state = .quoted
                    position += 1
                } else {
                    state = .unquoted
                }
            case .unquoted:
                var cursor = position
                var high: UInt8 = 0
                while cursor < end {
                    let byte = source[cursor]
                    if byte <= 0x2C, byte == 0x2C || byte == 0x0A || byte == 0x0D || byte == 0 { break }
                    high |= byte
                    cursor += 1
                }
                highBits |= high
                append(source, position, cursor)
                position = cursor
                if cursor == end { return false }
                position += 1
                if endsRow(source[cursor]) { return true }
            case .quoted:
                var cursor = position
                var high: UInt8 = 0
                // No further than the row may go, so that an open quote is noticed where the limit is, not a chunk later.
                let reach = min(end, position + max(1, limits.row - rowLength + 1))
                while cursor < reach {
                    let byte = source[cursor]
                    if byte <= 0x22 {
                        if byte == 0x22 || byte == 0 { break }
                        if byte == 0x0A { line += 1 }
                    }
                    high |= byte
                    cursor += 1
                }
                highBits |= high
                append(source, position, cursor)
                position = cursor
                if state == .resynchronise { continue }
                if cursor == end { return false }
                if cursor == reach { continue }
                position += 1
                if source[cursor] == 0 {
                    problem = problem ?? (.nulByte, fieldIndex)
                } else {
                    state = .quoteInQuoted
                }
            case .quoteInQuoted:
                let byte = source[position]
                switch byte {
                case UInt8(ascii: "\""):
                    append(source, position, position + 1)
                    state = .quoted
                    position += 1
                case 0x2C, 0x0A, 0x0D:
                    position += 1
                    if endsRow(byte) { return true }
                default:
                    problem = problem ?? (.textAfterQuote, fieldIndex)
                    state = .unquoted
                }
            case .resynchronise:
                // A quote that is never closed must not swallow the rest of the input: go on at the next line.
                while position < end, source[position] != 0x0A { position += 1 }
                if position == end { return false }
                position += 1
                return endsRow(0x0A)
            }
        }
        return false
    }

    /// Acts on a separator; true if it ends the row.
    private mutating func endsRow(_ separator: UInt8) -> Bool {
        switch separator {
        case 0x2C:
            endField()
            state = .fieldStart
            return false
        case 0:
            problem = problem ?? (.nulByte, fieldIndex)
            state = .unquoted
            return false
        default:
            endField()
            state = .fieldStart
            skipsLineFeed = separator == 0x0D
            line += 1
            return true
        }
    }

    private mutating func append(_ source: UnsafeBufferPointer<UInt8>, _ from: Int, _ to: Int) {
        let count = to - from
        if count == 0 { return }
        fieldLength += count
        rowLength += count
        if fieldLength > limits.field && problem == nil { problem = (.fieldTooLong, fieldIndex) }
        if rowLength > limits.row {
            problem = (.rowTooLong, -1)
            if state == .quoted { state = .resynchronise }
        }
        if problem != nil {
            bytes.removeAll(keepingCapacity: false)
            isKeeping = false
        }
        if isKeeping { bytes.append(contentsOf: UnsafeBufferPointer(rebasing: source[from..<to])) }
    }

    private mutating func endField() {
        if isKeeping {
            if !hasHeader {
                headerEnds.append(bytes.count)
            } else if fieldIndex < mapping.count {
                let target = mapping[fieldIndex]
                if target >= 0 {
                    ranges[2 * target] = UInt32(fieldStart)
                    ranges[2 * target + 1] = UInt32(bytes.count)
                }
            }
        }
        fieldIndex += 1
        rowLength += 1
        if rowLength > limits.row { problem = (.rowTooLong, -1) }
        fieldStart = bytes.count
        fieldLength = 0
        isKeeping = problem == nil && (!hasHeader || (fieldIndex < mapping.count && mapping[fieldIndex] >= 0))
    }

    private mutating func startRow() {
        rowLine = line
        fieldIndex = 0
        fieldStart = 0
        fieldLength = 0
        rowLength = 0
        highBits = 0
        wasQuoted = false
        problem = nil
        headerEnds.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        isKeeping = !hasHeader || (!mapping.isEmpty && mapping[0] >= 0)
    }

    // MARK: Rows

    private mutating func completeRow() -> Result<TabularRow, TabularError> {
        number += 1
        guard let schema else { preconditionFailure("a header sets the schema") }
        if let problem {
            let column = problem.column
            let target = column >= 0 && column < mapping.count ? mapping[column] : -1
            return refuse(problem.rule, column: target >= 0 ? schema.columns[target] : "")
        }
        if fieldIndex != mapping.count {
            return .failure(
                TabularError(
                    line: rowLine, row: number, rule: .fieldCount,
                    detail: "the row has \(fieldIndex) values, the header has \(mapping.count)"))
        }
        if highBits >= 0x80, !isValidUTF8(bytes) {
            let column = schema.columns.indices.first {
                !isValidUTF8(Array(bytes[Int(ranges[2 * $0])..<Int(ranges[2 * $0 + 1])]))
            }
            return refuse(.badUTF8, column: column.map { schema.columns[$0] } ?? "")
        }
        typicalSize = max(64, (typicalSize * 7 + bytes.count) / 8 + 16)
        var kept: [UInt8] = []
        kept.reserveCapacity(typicalSize)
        swap(&kept, &bytes)
        return .success(TabularRow(line: rowLine, number: number, schema: schema, bytes: kept, ranges: ranges))
    }

    private func refuse(_ rule: TabularRule, column: String) -> Result<TabularRow, TabularError> {
        let detail =
            switch rule {
            case .fieldTooLong: "a value is longer than \(limits.field) bytes"
            case .rowTooLong: "the row is longer than \(limits.row) bytes"
            case .nulByte: "the row holds a NUL byte"
            case .badUTF8: "the row is not UTF-8 text"
            case .unclosedQuote: "a quoted value is not closed"
            case .textAfterQuote: "text follows a closing quote; a quote inside a value is written twice"
            default: "the row cannot be read"
            }
        return .failure(TabularError(line: rowLine, row: number, column: column, rule: rule, detail: detail))
    }

    private mutating func readHeader() -> TabularError? {
        func fatal(_ rule: TabularRule, _ detail: String, column: String = "") -> TabularError {
            TabularError(line: rowLine, row: 0, column: column, rule: rule, detail: detail, isFatal: true)
        }
        if let problem { return fatal(problem.rule, "the header line cannot be read") }
        guard isValidUTF8(bytes) else { return fatal(.badUTF8, "the header line is not UTF-8 text") }
        var names: [String] = []
        var start = 0
        for end in headerEnds {
            let text = String(decoding: bytes[start..<end], as: UTF8.self)
            let trimmed = text.drop { $0 == " " || $0 == "\t" }
            names.append(String(trimmed.reversed().drop { $0 == " " || $0 == "\t" }.reversed()))
            start = end
        }
        let wanted = schema ?? TabularSchema(columns: names.filter { !$0.isEmpty })
        var seen: Set<String> = []
        var repeated: [String] = []
        mapping = names.map { name in
            guard let index = wanted.indexes[name] else { return -1 }
            if !seen.insert(name).inserted { repeated.append(name) }
            return index
        }
        if !repeated.isEmpty {
            return fatal(
                .repeatedColumn, "the header names a column twice: \(repeated.joined(separator: ", "))",
                column: repeated[0])
        }
        let missing = wanted.required.filter { !seen.contains($0) }
        if !missing.isEmpty {
            return fatal(
                .missingColumn, "the header lacks required columns: \(missing.joined(separator: ", "))",
                column: missing[0])
        }
        if seen.isEmpty { return fatal(.unreadableHeader, "the first line names none of the known columns") }
        schema = wanted
        ranges = Array(repeating: 0, count: wanted.columns.count * 2)
        hasHeader = true
        return nil
    }
}
