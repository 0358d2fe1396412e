import Tabular

/// Reads register rows out of bytes as they arrive: accepted ones to be copied, refused ones counted and listed.
struct RegisterIntake {
    private var reader: TabularReader
    private var normaliser = NameNormaliser()
    private let listed: Int
    /// The rule that the newest row broke, if it was refused.
    private var lastRule: String?
    private var lastByte: UInt8 = 0x0A

    private(set) var rows: [RegisterRow] = []
    private(set) var accepted: Int64 = 0
    private(set) var refused: Int64 = 0
    private(set) var refusals: [RefusedRow] = []
    /// Why nothing more can be read.
    private(set) var fatal: TabularError?

    init(format: TabularFormat?, listed: Int) {
        reader = TabularReader(format: format, schema: RegisterRow.schema)
        self.listed = listed
    }

    mutating func feed(_ bytes: [UInt8]) {
        if let last = bytes.last { lastByte = last }
        reader.feed(bytes)
    }

    mutating func finish() { reader.finish() }

    /// The file ends inside a value, or without a line end after a row that cannot be read: it was cut off there.
    var isCutOff: Bool {
        guard let lastRule else { return false }
        let isOpen = lastRule == TabularRule.unclosedQuote.rawValue || lastRule == TabularRule.truncated.rawValue
        return isOpen || lastByte != 0x0A && lastByte != 0x0D
    }

    /// Reads on until so many rows are held or the bytes are used up; gives how many are held.
    mutating func read(upTo count: Int) -> Int {
        while rows.count < count, fatal == nil, let next = reader.next() {
            switch next {
            case .success(let row):
                do throws(RefusedRow) {
                    rows.append(try RegisterRow(row, normaliser: &normaliser))
                    accepted += 1
                    lastRule = nil
                } catch {
                    refuse(error)
                }
            case .failure(let error):
                if error.isFatal {
                    fatal = error
                } else {
                    refuse(RefusedRow(line: error.line, column: error.column, rule: error.rule.rawValue))
                }
            }
        }
        return rows.count
    }

    private mutating func refuse(_ refusal: RefusedRow) {
        refused += 1
        lastRule = refusal.rule
        if refusals.count < listed { refusals.append(refusal) }
    }

    /// Gives away the rows that are held.
    mutating func take() -> [RegisterRow] {
        let taken = rows
        rows = []
        rows.reserveCapacity(taken.count)
        return taken
    }
}
