import RecordModel

/// How a version counts among the tries at one record.
///
/// Whoever amends a record again and again until it is right uses VERIFY to find out what the register holds. So wrong
/// versions are counted, record by record and day by day; a version on the word of the police is no try and ends the count.
enum Guess: Int32, Sendable {
    case none = 0
    case wrong = 1
    case ended = -1

    init(outcome: Outcome?, isPoliceConfirmed: Bool) {
        self = isPoliceConfirmed ? .ended : outcome == .wrong ? .wrong : .none
    }
}
