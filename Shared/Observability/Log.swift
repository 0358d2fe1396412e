// Log lines: one JSON object a line on standard error, one `write` a line, so that lines of several threads never mix.
//
// Form: {"time","level","service","message","fields"}; `fields` is left out when empty.
// The message is a StaticString: data can only travel in fields, and a field that is `PersonalData` prints as a mask.
// How it fails: a line that cannot be written (standard error closed, disk full) is dropped; logging never throws and
// never stops the work. Anybody may log; nobody logs one line a dose: one line a batch.
import Glibc

/// How serious a line is.
public enum LogLevel: Int, Comparable, Sendable, CaseIterable {
    case debug, info, warning, error

    /// The word in the line: `debug`, `info`, `warning`, `error`.
    public var label: String {
        switch self {
        case .debug: "debug"
        case .info: "info"
        case .warning: "warning"
        case .error: "error"
        }
    }

    /// Reads a label; nil for anything else.
    public init?(label: String) {
        guard let level = LogLevel.allCases.first(where: { $0.label == label }) else { return nil }
        self = level
    }

    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

/// Writes log lines for one service. A value: copies share nothing but where the lines go.
public struct Log: Sendable {
    /// Takes one complete line with its line feed.
    public typealias Sink = @Sendable (_ line: [UInt8]) -> Void

    /// The service's name as every line carries it.
    public let service: String
    /// Lines below this level are not made.
    public let level: LogLevel
    private let sink: Sink
    private let bound: [(String, LogValue)]

    /// - Parameters:
    ///   - service: the name of the service, as in its consumer group.
    ///   - level: the least serious level that is written.
    ///   - sink: where lines go; standard error unless a test wants to read them.
    public init(service: String, level: LogLevel = .info, sink: @escaping Sink = Log.standardError) {
        self.init(service: service, level: level, bound: [], sink: sink)
    }

    private init(service: String, level: LogLevel, bound: [(String, LogValue)], sink: @escaping Sink) {
        self.service = service
        self.level = level
        self.bound = bound
        self.sink = sink
    }

    /// A log whose lines carry one more field, for example the trace id of a request.
    public func with(_ name: StaticString, _ value: LogValue) -> Log {
        Log(service: service, level: level, bound: bound + [(name.description, value)], sink: sink)
    }

    public func debug(_ message: StaticString, _ fields: KeyValuePairs<StaticString, LogValue> = [:]) {
        write(.debug, message, fields)
    }

    public func info(_ message: StaticString, _ fields: KeyValuePairs<StaticString, LogValue> = [:]) {
        write(.info, message, fields)
    }

    public func warning(_ message: StaticString, _ fields: KeyValuePairs<StaticString, LogValue> = [:]) {
        write(.warning, message, fields)
    }

    public func error(_ message: StaticString, _ fields: KeyValuePairs<StaticString, LogValue> = [:]) {
        write(.error, message, fields)
    }

    private func write(
        _ level: LogLevel, _ message: StaticString, _ fields: KeyValuePairs<StaticString, LogValue>
    ) {
        guard level >= self.level else { return }
        var json = JSONWriter(capacity: 256)
        json.object { json in
            json.member("time", Timestamp.now())
            json.member("level", level.label)
            json.member("service", service)
            json.member("message", message.description)
            guard !fields.isEmpty || !bound.isEmpty else { return }
            json.object("fields") { json in
                for (name, value) in bound { value.write(name, to: &json) }
                for (name, value) in fields { value.write(name.description, to: &json) }
            }
        }
        json.raw(UInt8(ascii: "\n"))
        sink(json.bytes)
    }

    /// The usual sink: file descriptor 2, repeated on EINTR and after a partial write.
    public static let standardError: Sink = { line in
        line.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let written = Glibc.write(2, rest.baseAddress, rest.count)
                if written > 0 {
                    rest = rest.dropFirst(written)
                } else if errno != EINTR {
                    return
                }
            }
        }
    }
}

extension Slice where Base == UnsafeRawBufferPointer {
    fileprivate var baseAddress: UnsafeRawPointer? { base.baseAddress.map { $0 + startIndex } }
}
