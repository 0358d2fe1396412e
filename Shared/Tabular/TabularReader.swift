/// One reader for every format: what a route or a command line uses that takes CSV, NDJSON or a JSON array.
public struct TabularReader: Sendable {
    private enum Reader: Sendable {
        case undecided([UInt8])
        case csv(CSVReader)
        case ndjson(NDJSONReader)
        case array(JSONArrayReader)
    }

    private let schema: TabularSchema
    private let limits: TabularLimits
    private var reader: Reader

    /// - Parameter format: nil looks at the first bytes.
    public init(format: TabularFormat?, schema: TabularSchema, limits: TabularLimits = .standard) {
        self.schema = schema
        self.limits = limits
        reader = .undecided([])
        if let format { reader = make(format) }
    }

    private func make(_ format: TabularFormat) -> Reader {
        switch format {
        case .csv: .csv(CSVReader(schema: schema, limits: limits))
        case .ndjson: .ndjson(NDJSONReader(schema: schema, limits: limits))
        case .jsonArray: .array(JSONArrayReader(schema: schema, limits: limits))
        }
    }

    /// The format in use; nil while it is not decided.
    public var format: TabularFormat? {
        switch reader {
        case .undecided: nil
        case .csv: .csv
        case .ndjson: .ndjson
        case .array: .jsonArray
        }
    }

    public mutating func feed(_ chunk: [UInt8]) {
        switch take() {
        case .undecided(var start):
            start.append(contentsOf: chunk)
            // A start of nothing but spaces decides nothing; it may not grow without bound either.
            if let format = TabularFormat.detected(in: start) ?? (start.count > limits.row ? .csv : nil) {
                reader = make(format)
                feed(start)
            } else {
                reader = .undecided(start)
            }
        case .csv(var rows):
            rows.feed(chunk)
            reader = .csv(rows)
        case .ndjson(var rows):
            rows.feed(chunk)
            reader = .ndjson(rows)
        case .array(var rows):
            rows.feed(chunk)
            reader = .array(rows)
        }
    }

    public mutating func finish() {
        switch take() {
        case .undecided(let start):
            reader = make(.csv)
            feed(start)
            finish()
        case .csv(var rows):
            rows.finish()
            reader = .csv(rows)
        case .ndjson(var rows):
            rows.finish()
            reader = .ndjson(rows)
        case .array(var rows):
            rows.finish()
            reader = .array(rows)
        }
    }

    public mutating func next() -> Result<TabularRow, TabularError>? {
        switch take() {
        case .undecided(let start):
            reader = .undecided(start)
            return nil
        case .csv(var rows):
            defer { reader = .csv(rows) }
            return rows.next()
        case .ndjson(var rows):
            defer { reader = .ndjson(rows) }
            return rows.next()
        case .array(var rows):
            defer { reader = .array(rows) }
            return rows.next()
        }
    }

    /// Moves the reader out, so that its buffers are changed in place and never copied.
    private mutating func take() -> Reader {
        let taken = reader
        reader = .undecided([])
        return taken
    }
}
