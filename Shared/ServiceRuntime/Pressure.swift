import Synchronization
public import Web

/// Whether entries are held back: too much is unpublished, or a reader of what this service writes is too far behind.
///
/// Consumers never look at it: only entries do (HTTP, announce, bulk acts), or the circle from Intake through corrections
/// back to Intake would stand still.
public final class Pressure: Sendable {
    private struct State {
        var reason: String?
        var isAsked = false
    }

    private let state = Mutex(State())

    public init() {}

    /// Why entries are held back at the moment; nil when they are not.
    public var current: String? { state.withLock { $0.reason } }

    /// Set about once a second by the service's monitor while anybody asks.
    public func set(_ reason: String?) { state.withLock { $0.reason = reason } }

    /// Lets an entry pass.
    /// - Throws: `Problem` 429 with `retry-after`.
    public func admit() throws(Problem) {
        let reason = state.withLock { state in
            state.isAsked = true
            return state.reason
        }
        if let reason { throw .heldBack(reason) }
    }

    /// Whether an entry has asked since the last look: only then is it worth measuring.
    func wasAsked() -> Bool {
        state.withLock { state in
            defer { state.isAsked = false }
            return state.isAsked || state.reason != nil
        }
    }
}
