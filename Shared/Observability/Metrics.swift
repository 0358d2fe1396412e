// Metrics in Prometheus text format 0.0.4.
//
// A registry holds families (name, help, kind) of instruments (one a label set). Ask for an instrument once and keep the
// handle: looking up costs a lock and a dictionary. Counting costs one atomic operation.
// How it fails: a name that breaks Prometheus' rules, or one name asked for as two kinds, is a programming error and stops
// the process at start, where tests see it. Label values are escaped; personal data never is a label.
import Synchronization

/// All instruments of one process.
public final class MetricsRegistry: Sendable {
    /// The registry that `/metrics` shows unless a test makes its own.
    public static let shared = MetricsRegistry()

    private struct Family {
        let help: String
        let kind: String
        var series: [String: any Instrument] = [:]
    }

    private struct State {
        var families: [String: Family] = [:]
        var collectors: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    public init() {}

    /// A number that only grows. `name` ends in `_total`.
    public func counter(_ name: String, help: String, labels: [(String, String)] = []) -> Counter {
        instrument(name, help, "counter", labels) { Counter() }
    }

    /// A number that goes up and down.
    public func gauge(_ name: String, help: String, labels: [(String, String)] = []) -> Gauge {
        instrument(name, help, "gauge", labels) { Gauge() }
    }

    /// A distribution over fixed upper bounds.
    /// - Parameter buckets: ascending upper bounds, in the unit that the name says (seconds, rows).
    public func histogram(
        _ name: String, help: String, labels: [(String, String)] = [], buckets: [Double] = Histogram.seconds
    ) -> Histogram {
        instrument(name, help, "histogram", labels) { Histogram(buckets: buckets) }
    }

    /// Registers a closure that runs before each rendering, to set gauges whose value must be asked for.
    public func collect(_ collector: @escaping @Sendable () -> Void) {
        state.withLock { $0.collectors.append(collector) }
    }

    /// The page: families by name, series by label text.
    public func render() -> String {
        for collector in state.withLock({ $0.collectors }) { collector() }
        let families = state.withLock { $0.families }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text += "# HELP \(name) \(Self.escapedHelp(family.help))\n# TYPE \(name) \(family.kind)\n"
            for (labels, instrument) in family.series.sorted(by: { $0.key < $1.key }) {
                instrument.render(name: name, labels: labels, to: &text)
            }
        }
        return text
    }

    private func instrument<I: Instrument>(
        _ name: String, _ help: String, _ kind: String, _ labels: [(String, String)], _ make: () -> I
    ) -> I {
        precondition(Self.isName(name), "metric name \(name) is not a Prometheus name")
        precondition(labels.allSatisfy { Self.isName($0.0) }, "a label of metric \(name) is not a Prometheus name")
        let key = Self.labelText(labels)
        return state.withLock { state in
            var family = state.families[name] ?? Family(help: help, kind: kind)
            precondition(family.kind == kind, "metric \(name) is a \(family.kind), not a \(kind)")
            if let known = family.series[key] as? I { return known }
            let made = make()
            family.series[key] = made
            state.families[name] = family
            return made
        }
    }

    private static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(48...57).contains(first) else { return false }
        return name.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
        }
    }

    private static func labelText(_ labels: [(String, String)]) -> String {
        labels.sorted { $0.0 < $1.0 }.map { name, value in "\(name)=\"\(escapedLabel(value))\"" }
            .joined(separator: ",")
    }

    private static func escapedLabel(_ value: String) -> String {
        var result = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }

    private static func escapedHelp(_ value: String) -> String {
        var result = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}

protocol Instrument: Sendable {
    func render(name: String, labels: String, to text: inout String)
}

/// A number that only grows.
public final class Counter: Instrument {
    private let count = Atomic<Int>(0)

    init() {}

    /// Adds `amount`, which must not be negative; negative amounts are ignored.
    public func add(_ amount: Int = 1) {
        guard amount > 0 else { return }
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    public var value: Int { count.load(ordering: .relaxed) }

    func render(name: String, labels: String, to text: inout String) {
        text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }
}

/// A number that goes up and down.
public final class Gauge: Instrument {
    private let bits = Atomic<UInt64>(0)

    init() {}

    public func set(_ value: Int) { set(seconds: Double(value)) }

    /// Sets a value that is not a whole number, such as an age in seconds.
    public func set(seconds value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    public func add(_ amount: Int) {
        var current = bits.load(ordering: .relaxed)
        while true {
            let next = (Double(bitPattern: current) + Double(amount)).bitPattern
            let (exchanged, original) = bits.compareExchange(
                expected: current, desired: next, ordering: .relaxed)
            if exchanged { return }
            current = original
        }
    }

    public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func render(name: String, labels: String, to text: inout String) {
        let value = metricText(value)
        text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }
}

/// Counts of values by upper bounds, with their sum.
public final class Histogram: Instrument {
    /// Bounds for durations from one millisecond to one minute.
    public static let seconds: [Double] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
    /// Bounds for batch sizes.
    public static let rows: [Double] = [1, 10, 50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000]

    private struct State {
        var counts: [Int]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    init(buckets: [Double]) {
        bounds = buckets
        state = Mutex(State(counts: Array(repeating: 0, count: buckets.count + 1)))
    }

    /// Counts a duration in seconds.
    public func observe(seconds value: Double) {
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[index] += 1
            state.sum += value
        }
    }

    /// Counts a size.
    public func observe(count value: Int) { observe(seconds: Double(value)) }

    func render(name: String, labels: String, to text: inout String) {
        let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
        let prefix = labels.isEmpty ? "" : labels + ","
        var total = 0
        for (index, count) in counts.enumerated() {
            total += count
            let bound = index < bounds.count ? metricText(bounds[index]) : "+Inf"
            text += "\(name)_bucket{\(prefix)le=\"\(bound)\"} \(total)\n"
        }
        let suffix = labels.isEmpty ? "" : "{\(labels)}"
        text += "\(name)_sum\(suffix) \(metricText(sum))\n\(name)_count\(suffix) \(total)\n"
    }
}

/// A number as Prometheus reads it; whole numbers without a fraction.
private func metricText(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    if value == value.rounded(), abs(value) < 9_007_199_254_740_992 { return String(Int64(value)) }
    return value.description
}
