/// Reads one flat JSON object into a row's values. Hand-written and not recursive, so that depth costs nothing.
///
/// Numbers and booleans are taken as the text they are written with, `null` as absent. A key that the schema does not
/// know is skipped with whatever it holds, within the depth limit.
struct JSONObjectScanner {
    struct Failure: Error {
        var rule: TabularRule
        var column = ""
        var detail: String
    }

    let schema: TabularSchema
    let limits: TabularLimits
    /// The order of keys in the last object: most inputs repeat it, which saves the look-up.
    private var guess: [Int] = []
    private(set) var values: [UInt8] = []
    private(set) var ranges: [UInt32]
    private var key: [UInt8] = []

    init(schema: TabularSchema, limits: TabularLimits) {
        self.schema = schema
        self.limits = limits
        ranges = Array(repeating: 0, count: schema.columns.count * 2)
    }

    /// Gives the values away.
    mutating func takeValues() -> [UInt8] {
        var taken: [UInt8] = []
        taken.reserveCapacity(max(128, values.count))
        swap(&taken, &values)
        return taken
    }

    mutating func scan(_ source: UnsafeBufferPointer<UInt8>) throws(Failure) {
        values.removeAll(keepingCapacity: true)
        for index in ranges.indices { ranges[index] = 0 }
        var cursor = 0
        skipSpace(source, &cursor)
        try expect(UInt8(ascii: "{"), source, &cursor)
        skipSpace(source, &cursor)
        var position = 0
        if cursor < source.count, source[cursor] == UInt8(ascii: "}") {
            cursor += 1
        } else {
            while true {
                skipSpace(source, &cursor)
                key.removeAll(keepingCapacity: true)
                try scanString(source, &cursor, into: &key)
                let column = lookUp(position)
                position += 1
                skipSpace(source, &cursor)
                try expect(UInt8(ascii: ":"), source, &cursor)
                skipSpace(source, &cursor)
                if column >= 0 {
                    try scanValue(source, &cursor, column: column)
                } else {
                    try skipValue(source, &cursor)
                }
                skipSpace(source, &cursor)
                guard cursor < source.count else { throw broken() }
                cursor += 1
                if source[cursor - 1] == UInt8(ascii: "}") { break }
                guard source[cursor - 1] == UInt8(ascii: ",") else { throw broken() }
            }
        }
        skipSpace(source, &cursor)
        guard cursor == source.count else {
            throw Failure(rule: .badJSON, detail: "something follows the object; one object a line is expected")
        }
    }

    // MARK: Parts

    private func broken() -> Failure { Failure(rule: .badJSON, detail: "the row is not a JSON object") }

    private func skipSpace(_ source: UnsafeBufferPointer<UInt8>, _ cursor: inout Int) {
        while cursor < source.count {
            switch source[cursor] {
            case 0x20, 0x09, 0x0A, 0x0D: cursor += 1
            default: return
            }
        }
    }

    private func expect(
        _ byte: UInt8, _ source: UnsafeBufferPointer<UInt8>, _ cursor: inout Int
    ) throws(Failure) {
        guard cursor < source.count, source[cursor] == byte else { throw broken() }
        cursor += 1
    }

    /// The column of the key just read, or -1; `position` is the key's place within the object.
    private mutating func lookUp(_ position: Int) -> Int {
        if position < guess.count {
            let expected = guess[position]
            if expected >= 0, schema.names[expected] == key { return expected }
        }
        let found = schema.indexes[String(decoding: key, as: UTF8.self)] ?? -1
        if position < guess.count {
            guess[position] = found
        } else if position == guess.count, position < 256 {
            guess.append(found)
        }
        return found
    }

    private mutating func scanValue(
        _ source: UnsafeBufferPointer<UInt8>, _ cursor: inout Int, column: Int
    ) throws(Failure) {
        guard cursor < source.count else { throw broken() }
        let name = schema.columns[column]
        if ranges[2 * column + 1] != 0 || ranges[2 * column] != 0 {
            throw Failure(rule: .repeatedColumn, column: name, detail: "a key stands twice in the object")
        }
        let start = values.count
        switch source[cursor] {
        case UInt8(ascii: "\""):
            do {
                try scanString(source, &cursor, into: &values)
            } catch {
                throw Failure(rule: error.rule, column: name, detail: error.detail)
            }
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            try skipValue(source, &cursor)
            throw Failure(rule: .nestedValue, column: name, detail: "a text or a number is expected here")
        default:
            let from = cursor
            try skipLiteral(source, &cursor)
            if source[from] != UInt8(ascii: "n") {
                values.append(contentsOf: UnsafeBufferPointer(rebasing: source[from..<cursor]))
            }
        }
        if values.count - start > limits.field {
            throw Failure(
                rule: .fieldTooLong, column: name, detail: "a value is longer than \(limits.field) bytes")
        }
        ranges[2 * column] = UInt32(start)
        ranges[2 * column + 1] = UInt32(values.count)
    }

    /// Skips `true`, `false`, `null` or a number, and checks its form.
    private func skipLiteral(_ source: UnsafeBufferPointer<UInt8>, _ cursor: inout Int) throws(Failure) {
        let from = cursor
        while cursor < source.count {
            switch source[cursor] {
            case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), 0x20, 0x09, 0x0A, 0x0D:
                break
            default:
                cursor += 1
                continue
            }
            break
        }
        let text = UnsafeBufferPointer(rebasing: source[from..<cursor])
        if text.elementsEqual("true".utf8) || text.elementsEqual("false".utf8) || text.elementsEqual("null".utf8) {
            return
        }
        guard Self.isNumber(text) else { throw broken() }
    }

    static func isNumber(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var index = 0
        func digits() -> Int {
            let start = index
            while index < text.count, (0x30...0x39).contains(text[index]) { index += 1 }
            return index - start
        }
        if index < text.count, text[index] == UInt8(ascii: "-") { index += 1 }
        let first = index
        let whole = digits()
        if whole == 0 || (whole > 1 && text[first] == UInt8(ascii: "0")) { return false }
        if index < text.count, text[index] == UInt8(ascii: ".") {
            index += 1
            if digits() == 0 { return false }
        }
        if index < text.count, text[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < text.count, text[index] == UInt8(ascii: "+") || text[index] == UInt8(ascii: "-") { index += 1 }
            if digits() == 0 { return false }
        }
        return index == text.count
    }

    /// Skips any value; brackets are counted, not followed by recursion.
    private func skipValue(_ source: UnsafeBufferPointer<UInt8>, _ cursor: inout Int) throws(Failure) {
        var depth = 1
        repeat {
            guard cursor < source.count else { throw broken() }
            switch source[cursor] {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                if depth > limits.depth {
                    throw Failure(rule: .tooDeep, detail: "the value nests deeper than \(limits.depth) levels")
                }
                cursor += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth < 1 { throw broken() }
                cursor += 1
            case UInt8(ascii: "\""):
                try skipString(source, &cursor)
            case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x09, 0x0A, 0x0D:
                if depth == 1 { throw broken() }
                cursor += 1
            default:
                try skipLiteral(source, &cursor)
            }
        } while depth > 1
    }

    private func skipString(_ source: UnsafeBufferPointer<UInt8>, _ cursor: inout Int) throws(Failure) {
        cursor += 1
        while cursor < source.count {
            switch source[cursor] {
            case UInt8(ascii: "\""):
                cursor += 1
                return
            case UInt8(ascii: "\\"): cursor += 2
            default: cursor += 1
            }
        }
        throw broken()
    }

    /// Reads a string with its escapes.
    private func scanString(
        _ source: UnsafeBufferPointer<UInt8>, _ cursor: inout Int, into target: inout [UInt8]
    ) throws(Failure) {
        try expect(UInt8(ascii: "\""), source, &cursor)
        while true {
            let from = cursor
            while cursor < source.count, source[cursor] != UInt8(ascii: "\""), source[cursor] != UInt8(ascii: "\\"),
                source[cursor] >= 0x20
            { cursor += 1 }
            target.append(contentsOf: UnsafeBufferPointer(rebasing: source[from..<cursor]))
            guard cursor < source.count else { throw broken() }
            switch source[cursor] {
            case UInt8(ascii: "\""):
                cursor += 1
                return
            case UInt8(ascii: "\\"):
                cursor += 1
                try scanEscape(source, &cursor, into: &target)
            default:
                throw Failure(rule: .badJSON, detail: "a control character stands unescaped in a text")
            }
        }
    }

    private func scanEscape(
        _ source: UnsafeBufferPointer<UInt8>, _ cursor: inout Int, into target: inout [UInt8]
    ) throws(Failure) {
        guard cursor < source.count else { throw broken() }
        let byte = source[cursor]
        cursor += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): target.append(byte)
        case UInt8(ascii: "b"): target.append(0x08)
        case UInt8(ascii: "f"): target.append(0x0C)
        case UInt8(ascii: "n"): target.append(0x0A)
        case UInt8(ascii: "r"): target.append(0x0D)
        case UInt8(ascii: "t"): target.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hex4(source, &cursor)
            if (0xD800..<0xDC00).contains(code) {
                guard cursor + 1 < source.count, source[cursor] == UInt8(ascii: "\\"),
                    source[cursor + 1] == UInt8(ascii: "u")
                else { throw Failure(rule: .badUTF8, detail: "half a surrogate pair in an escape") }
                cursor += 2
                let low = try hex4(source, &cursor)
                guard (0xDC00..<0xE000).contains(low) else {
                    throw Failure(rule: .badUTF8, detail: "half a surrogate pair in an escape")
                }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            if code == 0 { throw Failure(rule: .nulByte, detail: "a text holds a NUL") }
            guard let scalar = Unicode.Scalar(code) else {
                throw Failure(rule: .badUTF8, detail: "half a surrogate pair in an escape")
            }
            target.append(contentsOf: UTF8.encode(scalar)!)
        default: throw Failure(rule: .badJSON, detail: "an unknown escape in a text")
        }
    }

    private func hex4(_ source: UnsafeBufferPointer<UInt8>, _ cursor: inout Int) throws(Failure) -> UInt32 {
        guard cursor + 4 <= source.count else { throw broken() }
        var code: UInt32 = 0
        for _ in 0..<4 {
            let byte = source[cursor]
            cursor += 1
            switch byte {
            case 0x30...0x39: code = code << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: code = code << 4 | UInt32(byte - 0x41 + 10)
            case 0x61...0x66: code = code << 4 | UInt32(byte - 0x61 + 10)
            default: throw broken()
            }
        }
        return code
    }
}
