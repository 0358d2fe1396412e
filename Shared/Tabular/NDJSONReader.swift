/// A streaming reader of NDJSON: one flat JSON object a line. Same shape and same error rules as `CSVReader`.
public struct NDJSONReader: Sendable {
    private var rows: JSONRowReader

    public init(schema: TabularSchema, limits: TabularLimits = .standard) {
        rows = JSONRowReader(shape: .lines, schema: schema, limits: limits)
    }

    /// A reader for these keys.
    public init(columns: [String], limits: TabularLimits = .standard) {
        self.init(schema: TabularSchema(columns: columns), limits: limits)
    }

    public mutating func feed(_ chunk: [UInt8]) { rows.feed(chunk) }
    public mutating func finish() { rows.finish() }
    public mutating func next() -> Result<TabularRow, TabularError>? { rows.next() }
}

/// A streaming reader of one JSON array of flat objects. Same shape and same error rules as `CSVReader`.
public struct JSONArrayReader: Sendable {
    private var rows: JSONRowReader

    public init(schema: TabularSchema, limits: TabularLimits = .standard) {
        rows = JSONRowReader(shape: .array, schema: schema, limits: limits)
    }

    public mutating func feed(_ chunk: [UInt8]) { rows.feed(chunk) }
    public mutating func finish() { rows.finish() }
    public mutating func next() -> Result<TabularRow, TabularError>? { rows.next() }
}

/// Cuts the input into objects, by lines or by brackets, and has each scanned.
struct JSONRowReader: Sendable {
    enum Shape { case lines, array }
    private enum State {
        /// Array: before `[`, before an element, inside one, after one, after `]`.
        case start, element, inside, separator, end
    }

    private let shape: Shape
    private let schema: TabularSchema
    private let limits: TabularLimits
    private var input = InputBuffer()
    private var scanner: JSONObjectScanner
    private var isEnded = false
    private var line = 1
    private var number = 0

    // The object in progress.
    private var rowLine = 1
    private var text: [UInt8] = []
    private var length = 0
    private var state = State.start
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    private var wantsElement = false

    init(shape: Shape, schema: TabularSchema, limits: TabularLimits) {
        self.shape = shape
        self.schema = schema
        self.limits = limits
        scanner = JSONObjectScanner(schema: schema, limits: limits)
    }

    mutating func feed(_ chunk: [UInt8]) {
        if !isEnded { input.append(chunk) }
    }

    mutating func finish() { input.finish() }

    mutating func next() -> Result<TabularRow, TabularError>? {
        if isEnded { return nil }
        switch input.open() {
        case .needsMore: return nil
        case .refused(let error): return fail(error)
        case .open: break
        }
        do {
            while try advance() {
                if shape == .lines, length == 0 || text.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) {
                    if length <= limits.row {
                        startRow()
                        continue
                    }
                }
                defer { startRow() }
                return completeRow()
            }
        } catch {
            return fail(error)
        }
        guard input.isFinished else { return nil }
        isEnded = true
        if shape == .array, state != .end {
            if state == .start { return .failure(empty()) }
            return .failure(
                TabularError(
                    line: line, row: number, rule: .truncated, detail: "the array is not closed; the input was cut",
                    isFatal: true))
        }
        if shape == .lines, number == 0 { return .failure(empty()) }
        return nil
    }

    private func empty() -> TabularError {
        TabularError(line: 1, row: 0, rule: .emptyInput, detail: "the input is empty", isFatal: true)
    }

    private mutating func fail(_ error: TabularError) -> Result<TabularRow, TabularError> {
        isEnded = true
        input.drop()
        return .failure(error)
    }

    private mutating func startRow() {
        text.removeAll(keepingCapacity: text.capacity <= 65536)
        length = 0
        rowLine = line
    }

    private mutating func keep(_ source: [UInt8], _ from: Int, _ to: Int) {
        length += to - from
        if length > limits.row {
            text = []
        } else {
            text.append(contentsOf: source[from..<to])
        }
    }

    private mutating func advance() throws(TabularError) -> Bool {
        if shape == .lines { return nextLine() }
        return try nextElement()
    }

    /// Collects one line; true when it is complete.
    private mutating func nextLine() -> Bool {
        let source = input.bytes
        let from = input.position
        var cursor = from
        source.withUnsafeBufferPointer { bytes in
            while cursor < bytes.count, bytes[cursor] != 0x0A { cursor += 1 }
        }
        keep(source, from, cursor)
        if cursor < source.count {
            input.position = cursor + 1
            line += 1
            return true
        }
        input.position = cursor
        return input.isFinished && length > 0
    }

    /// Collects one element of the array; true when it is complete.
    private mutating func nextElement() throws(TabularError) -> Bool {
        let source = input.bytes
        var cursor = input.position
        defer { input.position = cursor }
        while cursor < source.count {
            let byte = source[cursor]
            if byte == 0x0A { line += 1 }
            let isSpace = byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
            switch state {
            case .start:
                cursor += 1
                if isSpace { continue }
                guard byte == UInt8(ascii: "[") else { throw broken("the input is not a JSON array") }
                state = .element
            case .element:
                if isSpace {
                    cursor += 1
                    continue
                }
                if byte == UInt8(ascii: "]"), !wantsElement {
                    cursor += 1
                    state = .end
                    continue
                }
                guard byte == UInt8(ascii: "{") else { throw broken("an element of the array is not an object") }
                rowLine = line
                depth = 0
                state = .inside
            case .inside:
                if collect(source, &cursor) {
                    state = .separator
                    return true
                }
            case .separator:
                cursor += 1
                if isSpace { continue }
                switch byte {
                case UInt8(ascii: ","):
                    state = .element
                    wantsElement = true
                case UInt8(ascii: "]"): state = .end
                default: throw broken("a comma is missing between two elements of the array")
                }
            case .end:
                cursor += 1
                if !isSpace { throw broken("something follows the end of the array") }
            }
        }
        return false
    }

    private func broken(_ detail: String) -> TabularError {
        TabularError(line: line, row: number, rule: .badJSON, detail: detail, isFatal: true)
    }

    /// Runs to the element's closing bracket; true when it is there.
    private mutating func collect(_ source: [UInt8], _ cursor: inout Int) -> Bool {
        let from = cursor
        var position = cursor
        var isClosed = false
        source.withUnsafeBufferPointer { bytes in
            while position < bytes.count, !isClosed {
                let byte = bytes[position]
                position += 1
                // The first byte, an opening bracket, has been counted as a line end by no one.
                if byte == 0x0A, position - 1 > from { line += 1 }
                if isInString {
                    if isEscaped {
                        isEscaped = false
                    } else if byte == UInt8(ascii: "\\") {
                        isEscaped = true
                    } else if byte == UInt8(ascii: "\"") {
                        isInString = false
                    }
                    continue
                }
                switch byte {
                case UInt8(ascii: "\""): isInString = true
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    depth -= 1
                    isClosed = depth <= 0
                default: break
                }
            }
        }
        keep(source, from, position)
        cursor = position
        return isClosed
    }

    private mutating func completeRow() -> Result<TabularRow, TabularError> {
        number += 1
        func refuse(_ rule: TabularRule, _ detail: String, column: String = "") -> Result<TabularRow, TabularError> {
            .failure(TabularError(line: rowLine, row: number, column: column, rule: rule, detail: detail))
        }
        if length > limits.row { return refuse(.rowTooLong, "the row is longer than \(limits.row) bytes") }
        if text.contains(0) { return refuse(.nulByte, "the row holds a NUL byte") }
        if !isValidUTF8(text) { return refuse(.badUTF8, "the row is not UTF-8 text") }
        do {
            let source = text
            try source.withUnsafeBufferPointer { bytes throws(JSONObjectScanner.Failure) in
                try scanner.scan(bytes)
            }
        } catch {
            return refuse(error.rule, error.detail, column: error.column)
        }
        let ranges = scanner.ranges
        return .success(
            TabularRow(line: rowLine, number: number, schema: schema, bytes: scanner.takeValues(), ranges: ranges))
    }
}
