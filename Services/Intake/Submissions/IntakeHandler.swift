import Messaging
import RecordModel
import Storage

/// What Intake does with messages: submissions become versions of records, corrections too. A batch may mix topics;
/// they have no order among each other.
final class IntakeHandler: BatchHandler {
    private let submissions: SubmissionIntake
    private let corrections: CorrectionIntake
    private let clock: any WallClock

    init(submissions: SubmissionIntake, corrections: CorrectionIntake, clock: any WallClock) {
        self.submissions = submissions
        self.corrections = corrections
        self.clock = clock
    }

    func handle(_ batch: [InboundMessage], in transaction: Transaction) throws -> [Rejection] {
        var rejections: [Rejection] = []
        var arrivals: [Arrival] = []
        var decisions: [CorrectionApplied] = []
        var decisionIndexes: [Int] = []
        arrivals.reserveCapacity(batch.count)
        let now = clock.now()
        for (index, message) in batch.enumerated() {
            do throws(WireError) {
                switch message.topic {
                case Topic.submissions.name where message.eventType == Submission.eventType:
                    arrivals.append(
                        Arrival(
                            submission: try Submission(wire: message.value),
                            origin: .topic(
                                partition: message.partition, offset: message.offset, timestamp: message.timestamp),
                            // A sender's clock that runs ahead must not let tomorrow's entries in.
                            receivedAt: min(message.timestamp, now)))
                case Topic.correctionApplied.name where message.eventType == CorrectionApplied.eventType:
                    decisions.append(try CorrectionApplied(wire: message.value))
                    decisionIndexes.append(index)
                default:
                    rejections.append(
                        Rejection(
                            index: index, errorClass: "unknown-type",
                            reason: "intake takes no events of this type from \(message.topic)"))
                }
            } catch {
                rejections.append(Rejection(index: index, errorClass: "undecodable", reason: error.description))
            }
        }
        _ = try submissions.take(arrivals, in: transaction)
        for refusal in try corrections.take(decisions, in: transaction) {
            rejections.append(
                Rejection(
                    index: decisionIndexes[refusal.index], errorClass: refusal.errorClass, reason: refusal.reason))
        }
        return rejections.sorted { $0.index < $1.index }
    }
}
