/// Sorts a batch into what goes to the handler and what is parked; a pure value.
struct BatchSorter {
    let batch: [InboundMessage]
    /// Indices of messages that go to the handler.
    private(set) var free: [Int] = []
    private var parked: [Int: ParkingEntry] = [:]
    /// Keys that are stuck since this batch, with the index from which on.
    private var stuck: [MessageKey: Int] = [:]

    /// - Parameter parkedKeys: the parked keys. A message that lies before the first parked one of its key comes again
    ///   after a crash; it goes to the handler, as it did then.
    init(_ batch: [InboundMessage], parkedKeys: ParkedKeys) {
        self.batch = batch
        guard !parkedKeys.isEmpty else {
            free = Array(batch.indices)
            return
        }
        for (index, message) in batch.enumerated() {
            guard let partitions = parkedKeys[message.messageKey] else {
                free.append(index)
                continue
            }
            if let from = partitions[message.partition], from.follows(message) {
                free.append(index)
            } else {
                parked[index] = ParkingEntry(behind: message)
            }
        }
    }

    /// What is parked, in the order of the batch.
    var entries: [ParkingEntry] { parked.sorted { $0.key < $1.key }.map(\.value) }

    /// Marks rejected messages.
    ///
    /// - Parameter handled: the batch's indices that the handler was given, in its order.
    /// - Returns: false when a later message of a rejected key was handled beside it: then the handler's work has to be
    ///   undone, and done again without what is parked now or waits behind it.
    mutating func park(_ rejections: [Rejection], of handled: [Int]) -> Bool {
        guard !rejections.isEmpty else { return true }
        var rejected: Set<Int> = []
        for rejection in rejections where handled.indices.contains(rejection.index) {
            let index = handled[rejection.index]
            rejected.insert(index)
            park(index, errorClass: rejection.errorClass, reason: rejection.reason)
        }
        return !handled.contains { index in
            guard !rejected.contains(index), let from = stuck[batch[index].messageKey] else { return false }
            return index > from
        }
    }

    mutating func park(_ index: Int, errorClass: String, reason: String) {
        let message = batch[index]
        parked[index] = ParkingEntry(message, errorClass: errorClass, reason: reason)
        stuck[message.messageKey] = min(stuck[message.messageKey] ?? index, index)
    }

    /// Those of the given messages that may go to the handler; what waits behind a stuck key is parked.
    mutating func stillFree(_ indices: [Int]) -> [Int] {
        var rest: [Int] = []
        for index in indices where parked[index] == nil {
            if let from = stuck[batch[index].messageKey], index > from {
                parked[index] = ParkingEntry(behind: batch[index])
            } else {
                rest.append(index)
            }
        }
        return rest
    }
}
