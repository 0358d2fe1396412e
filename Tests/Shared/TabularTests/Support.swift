import Tabular

/// What a reader gave for an input: rows as dictionaries, errors as they came.
struct Reading {
    var rows: [[String: String]] = []
    var lines: [Int] = []
    var errors: [TabularError] = []
    var rules: [TabularRule] { errors.map(\.rule) }
}

let schema = TabularSchema(columns: ["a", "b", "c"], required: ["a"])

func read(
    _ input: [UInt8], format: TabularFormat = .csv, chunk: Int = 1 << 16, schema: TabularSchema = schema,
    limits: TabularLimits = .standard, complete: Bool = true
) -> Reading {
    var reader = TabularReader(format: format, schema: schema, limits: limits)
    var reading = Reading()
    func drain() {
        while let next = reader.next() {
            switch next {
            case .success(let row):
                var values: [String: String] = [:]
                for column in schema.columns { values[column] = row[column] }
                reading.rows.append(values)
                reading.lines.append(row.line)
            case .failure(let error): reading.errors.append(error)
            }
        }
    }
    var start = 0
    while start < input.count {
        let end = min(start + chunk, input.count)
        reader.feed(Array(input[start..<end]))
        drain()
        start = end
    }
    if complete {
        reader.finish()
        drain()
    }
    return reading
}

func read(
    _ input: String, format: TabularFormat = .csv, chunk: Int = 1 << 16, schema: TabularSchema = schema,
    limits: TabularLimits = .standard, complete: Bool = true
) -> Reading {
    read(
        Array(input.utf8), format: format, chunk: chunk, schema: schema, limits: limits, complete: complete)
}
