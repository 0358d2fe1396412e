import Observability
import Tabular

/// Names rows of a file that cannot be read, by line, row, column and rule: no value of the file. The first hundred are
/// named; the others are in the count at the end.
final class LeftOutRows {
    private let file: String
    private let log: Log
    private var count = 0
    private static let most = 100

    init(of file: String, _ log: Log) {
        self.file = file
        self.log = log
    }

    func name(_ error: TabularError) {
        count += 1
        guard count <= Self.most else { return }
        log.warning(
            "a row was left out",
            [
                "file": .string(file), "line": .int(error.line), "row": .int(error.row),
                "column": .string(error.column), "rule": .string(error.rule.rawValue), "detail": .string(error.detail),
            ])
    }
}
