/// The pool's bookkeeping as a pure value: each call returns what is to be done, outside the lock.
struct PoolState<Resource> {
    enum Grant {
        /// An idle connection, to be checked for life and used.
        case use(Resource)
        /// A new one may be opened in the place that is now counted.
        case open
    }
    enum CheckoutAction {
        case granted(Grant)
        case wait(Int)
        case closed
    }

    private(set) var isClosed = false
    private let size: Int
    private var idle: [Resource] = []
    private var opened = 0
    private var waiting: [Int] = []
    private var grants: [Int: Grant] = [:]
    private var nextTicket = 0

    init(size: Int) { self.size = max(1, size) }

    var inUse: Int { opened - idle.count }
    var waitingCount: Int { waiting.count }

    mutating func checkout() -> CheckoutAction {
        if isClosed { return .closed }
        if let resource = idle.popLast() { return .granted(.use(resource)) }
        if opened < size {
            opened += 1
            return .granted(.open)
        }
        nextTicket += 1
        waiting.append(nextTicket)
        return .wait(nextTicket)
    }

    /// Takes what was granted to a ticket, or gives the ticket up. Nil: timed out, nothing is owed.
    mutating func redeem(_ ticket: Int) -> Grant? {
        if let grant = grants.removeValue(forKey: ticket) { return grant }
        waiting.removeAll { $0 == ticket }
        return nil
    }

    /// A connection comes back whole. Gives the ticket to wake, and what is to be closed.
    mutating func giveBack(_ resource: Resource) -> (wake: Int?, close: Resource?) {
        if isClosed {
            opened -= 1
            return (nil, resource)
        }
        guard !waiting.isEmpty else {
            idle.append(resource)
            return (nil, nil)
        }
        let ticket = waiting.removeFirst()
        grants[ticket] = .use(resource)
        return (ticket, nil)
    }

    /// A connection is gone (broken, or could not be opened): its place goes to the first who waits.
    mutating func lose() -> Int? {
        guard !waiting.isEmpty, !isClosed else {
            opened -= 1
            return nil
        }
        let ticket = waiting.removeFirst()
        grants[ticket] = .open
        return ticket
    }

    /// Closes: idle connections are handed out to be closed, those who wait are woken with nothing.
    mutating func close() -> (close: [Resource], wake: [Int]) {
        isClosed = true
        let closing = idle
        opened -= idle.count
        idle = []
        let woken = waiting
        waiting = []
        return (closing, woken)
    }
}
