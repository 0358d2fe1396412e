/// Where the broker is. One in memory that was started again has another address: whoever starts it writes that into a
/// file, which is read again and again.
import Foundation
import ToolArguments

struct BrokerAddress: Sendable {
    private let given: String
    private let file: String?

    static let options: Set<String> = ["--bootstrap", "--bootstrap-file"]

    /// - Throws: `Arguments.Problem.missing` where neither the command line nor the environment names a broker.
    init(_ arguments: Arguments, environment: [String: String]) throws(Arguments.Problem) {
        file = arguments.values["--bootstrap-file"]
        given = arguments.values["--bootstrap"] ?? environment["KAFKA_BOOTSTRAP_SERVERS"] ?? ""
        if file == nil, given.isEmpty { throw .missing("--bootstrap") }
    }

    /// `host:port`, separated by commas; the given one while the file is not there.
    var current: String {
        guard let file, let data = FileManager.default.contents(atPath: file) else { return given }
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? given : text
    }
}
