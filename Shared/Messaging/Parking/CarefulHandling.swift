import Storage

/// Handles messages behind savepoints, in ever smaller parts, until those are found that cannot be handled.
struct CarefulHandling {
    let handler: any BatchHandler
    let transaction: Transaction

    private struct OutOfOrder: Error {}

    /// - Parameter indices: messages of the sorter's batch, in order; earlier parts have been handled.
    func handle(_ indices: [Int], _ sorter: inout BatchSorter) throws {
        let part = sorter.stillFree(indices)
        guard !part.isEmpty else { return }
        do {
            try transaction.savepoint {
                let rejections = try handler.handle(part.map { sorter.batch[$0] }, in: transaction)
                if !sorter.park(rejections, of: part) { throw OutOfOrder() }
            }
        } catch is OutOfOrder {
            // The rejected ones are parked by now; again without them and what waits behind them.
            try handle(part, &sorter)
        } catch  where isMessageFault(error) {
            if part.count == 1 {
                sorter.park(part[0], errorClass: errorClass(of: error), reason: reason(of: error))
            } else {
                let middle = part.count / 2
                try handle(Array(part[..<middle]), &sorter)
                try handle(Array(part[middle...]), &sorter)
            }
        }
    }
}
