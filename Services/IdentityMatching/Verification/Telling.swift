import Storage

extension [AnsweredRecord] {
    /// Tells the answers that have really changed, with the hints that are true now. The last step of every transaction
    /// that gives answers: what it told is in the outbox when it commits.
    mutating func tell(_ changes: [VerdictStore.Change], in session: Transaction) throws {
        try hintSharedNumbers(at: changes.map(\.index), in: session)
        for change in changes {
            self[change.index].wasLinked = change.wasLinked
            self[change.index].wasFound = change.wasFound
            try session.emit(self[change.index].events(source: VerificationHandler.source))
        }
    }
}
