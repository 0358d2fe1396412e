public import Storage

/// A service's answer to messages.
public protocol BatchHandler: Sendable {
    /// Takes a batch's effect within a transaction; called on the consumer's worker thread, possibly again with the same
    /// messages, and with parts of a batch when a message of it has to be found out.
    ///
    /// - Parameter batch: messages of several topics and partitions; those of one partition are in order.
    /// - Returns: the messages that can never be handled. Nothing may have been written for them.
    /// - Throws: SQL data errors (classes 22, 23), oversized events and errors of the handler's own lead to the message
    ///   that causes them, which is parked; any other `StorageError` means that the batch is tried again later.
    func handle(_ batch: [InboundMessage], in transaction: Transaction) throws -> [Rejection]
}

/// A message that can never be handled as it is.
public struct Rejection: Sendable, Hashable {
    /// Position in the batch.
    public let index: Int
    /// A short name to filter by, for example `unknown-type`, `truncated`, `unknown-enum`.
    public let errorClass: String
    /// Message, field and rule; never a value.
    public let reason: String

    public init(index: Int, errorClass: String, reason: String) {
        self.index = index
        self.errorClass = errorClass
        self.reason = reason
    }
}
