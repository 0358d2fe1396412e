/// The progress line: one that is redrawn on a terminal, one every ten seconds elsewhere.
import Glibc

struct Progress {
    /// What the line says, as a pure function of where the replay stands.
    struct State {
        var rows = 0
        var confirmed = 0
        /// Of the file's bytes, 0 to 1; nil where its length is unknown.
        var fraction: Double?
        var seconds = 0.0

        var rate: Double { seconds > 0 ? Double(rows) / seconds : 0 }

        /// Seconds to the end; nil where nobody knows.
        var remaining: Double? {
            guard let fraction, fraction > 0.001, seconds > 0 else { return nil }
            return seconds / fraction * (1 - fraction)
        }

        func line(width: Int = 30) -> String {
            let filled = Int((fraction ?? 0) * Double(width))
            let bar = String(repeating: "█", count: filled) + String(repeating: "·", count: max(0, width - filled))
            let percent = fraction.map { " \(Int($0 * 100)) %" } ?? ""
            let left = remaining.map { ", còn/ETA \(Progress.clock($0))" } ?? ""
            return "[\(bar)]\(percent) \(rows) dòng/rows, \(confirmed) đã nhận/confirmed, \(Int(rate))/s\(left)"
        }
    }

    private let isTerminal: Bool
    private let isQuiet: Bool
    private var lastShown = -1.0

    init(quiet: Bool) {
        isTerminal = isatty(2) == 1
        isQuiet = quiet
    }

    mutating func show(_ state: State, final: Bool = false) {
        guard !isQuiet else { return }
        let interval = isTerminal ? 0.2 : 10.0
        guard final || state.seconds - lastShown >= interval else { return }
        lastShown = state.seconds
        write(isTerminal ? "\r" + state.line() + "\u{1B}[K" + (final ? "\n" : "") : state.line() + "\n")
    }

    /// Says something between two redrawings.
    func say(_ text: String) {
        guard !isQuiet else { return }
        write((isTerminal ? "\r\u{1B}[K" : "") + text + "\n")
    }

    private func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
    }

    static func clock(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        return whole >= 3600
            ? "\(whole / 3600):\(digits(whole / 60 % 60, 2)):\(digits(whole % 60, 2))"
            : "\(digits(whole / 60, 2)):\(digits(whole % 60, 2))"
    }
}
