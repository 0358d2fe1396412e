/// Sends a file's rows and holds each until Intake's group has committed past it. One thread reads, publishes and asks;
/// the producer's delivery thread reports acknowledgements.
import Foundation
import Messaging
import Observability
import RecordModel
import Tabular

final class Sender {
    struct Outcome {
        var rows = 0
        var unreadable = 0
        var seconds = 0.0
    }

    private let address: BrokerAddress
    private var link: BrokerLink
    private let log: Log
    private let embedded: Bool
    private let pace: Pace
    private var progress: Progress
    private var state = Progress.State()
    private var ledger: ReplayLedger<[OutgoingEvent]>
    private var holding: HoldingBack
    private let skip: Int
    private let began = ContinuousClock.now
    private var asked = ContinuousClock.now
    private var saved = 0
    private var unanswered = 0
    /// Called with the last row that is confirmed, whenever it has moved on.
    var saveState: ((Int) throws -> Void)?

    private static let pause = 0.02
    /// The embedded broker forgets what is not read in time, so it is looked at more often.
    private var askEvery: Duration { embedded ? .milliseconds(100) : .milliseconds(200) }

    init(
        broker: BrokerAddress, embedded: Bool, rate: Int?, progress: Progress, confirmedThrough: Int, log: Log
    ) throws {
        address = broker
        link = try BrokerLink(broker.current, log: log)
        self.log = log
        self.embedded = embedded
        pace = Pace(rowsPerSecond: rate)
        self.progress = progress
        ledger = ReplayLedger(confirmedThrough: confirmedThrough)
        skip = confirmedThrough
        holding = HoldingBack(
            embedded: embedded,
            budget: embedded ? LagReport.embeddedPartitionBudget : LagReport.kafkaPartitionBudget)
    }

    func close() { link.close(timeout: .seconds(5)) }

    private var elapsed: Double {
        let parts = (ContinuousClock.now - began).components
        return Double(parts.seconds) + Double(parts.attoseconds) / 1e18
    }

    /// Sends everything after what an earlier run has confirmed, and waits for Intake.
    func send(_ file: String) throws -> Outcome {
        // A broker that does not answer at all is said at once, and not waited for as one that was lost on the way.
        _ = try link.positions.committed(topics: [Topic.submissions.name], timeout: .seconds(15))
        var outcome = Outcome()
        let schema = TabularSchema(columns: Submission.columns, required: Submission.requiredColumns)
        var reader = TabularReader(format: nil, schema: schema)
        let length = file == "-" ? nil : (try? FileManager.default.attributesOfItem(atPath: file)[.size]) as? Int
        var read = 0
        var gathered: [OutgoingEvent] = []
        var number = 0
        func drain() throws {
            while let next = reader.next() {
                number += 1
                if number <= skip { continue }
                switch next {
                case .success(let row):
                    gathered.append(Self.event(row))
                    if gathered.count >= Self.batchSize(pace) {
                        try publish(gathered, lastRow: number, &outcome)
                        gathered = []
                    }
                case .failure(let error):
                    if error.isFatal { throw error }
                    outcome.unreadable += 1
                    progress.say("\(file): \(error)")
                }
            }
        }
        try readChunks(path: file) { chunk in
            read += chunk.count
            state.fraction = length.map { $0 > 0 ? Double(read) / Double($0) : 1 }
            reader.feed(chunk)
            try drain()
        }
        reader.finish()
        try drain()
        if !gathered.isEmpty { try publish(gathered, lastRow: number, &outcome) }
        while !ledger.isEmpty { try look(waiting: true) }
        try saveState?(number)
        outcome.seconds = elapsed
        state.seconds = outcome.seconds
        state.fraction = 1
        state.confirmed = ledger.confirmedRows
        progress.show(state, final: true)
        return outcome
    }

    /// At a low rate small batches, so that rows flow evenly.
    private static func batchSize(_ pace: Pace) -> Int {
        min(ReplayCommand.batchRows, max(1, (pace.rowsPerSecond ?? ReplayCommand.batchRows * 20) / 20))
    }

    private static func event(_ row: TabularRow) -> OutgoingEvent {
        Submission { row[$0] }.event(source: "dose-replay", at: .now())
    }

    private func publish(_ events: [OutgoingEvent], lastRow: Int, _ outcome: inout Outcome) throws {
        while holding.granted < events.count || ledger.unconfirmedBytes > ReplayCommand.windowBytes {
            try look(waiting: true)
        }
        while true {
            let wait = pace.wait(sent: outcome.rows + events.count, elapsed: elapsed)
            if wait <= 0 { break }
            try look(waiting: false)
            Thread.sleep(forTimeInterval: min(wait, Self.pause))
        }
        let bytes = events.reduce(0) { $0 + $1.value.count + $1.key.count + 200 }
        let number = ledger.sent(events, rows: events.count, lastRow: lastRow, bytes: bytes)
        holding.spent(events.count)
        link.hand(over: events, number)
        outcome.rows += events.count
        state.rows = outcome.rows
        try look(waiting: false)
    }

    /// Takes in acknowledgements, asks what Intake has committed and how far the readers are, redraws the progress.
    private func look(waiting: Bool) throws {
        for report in link.takeReports() { try take(report) }
        if ContinuousClock.now - asked >= askEvery {
            asked = .now
            try ask()
        }
        state.seconds = elapsed
        state.confirmed = ledger.confirmedRows
        progress.show(state)
        if waiting { Thread.sleep(forTimeInterval: Self.pause) }
    }

    private func take(_ report: BrokerLink.Report) throws {
        switch report {
        case .acknowledged(let number, let positions):
            var offsets: [Int32: Int64] = [:]
            var unknown: Set<Int32> = []
            for position in positions {
                if let offset = position.offset {
                    offsets[position.partition] = max(offsets[position.partition] ?? -1, offset)
                } else {
                    unknown.insert(position.partition)
                }
            }
            if !unknown.isEmpty {
                // Acknowledged on a repeated attempt: the partition's end now lies beyond the row.
                guard let ends = try? link.positions.ends(topics: [Topic.submissions.name]) else {
                    link.put(report)
                    return
                }
                for partition in unknown {
                    let end = ends[TopicPartition(topic: Topic.submissions.name, partition: partition)] ?? 0
                    offsets[partition] = max(offsets[partition] ?? -1, end - 1)
                }
            }
            ledger.acknowledged(number, at: offsets)
        case .refused(let number, let reason):
            progress.say("gửi lại / sending again: \(reason)")
            if let events = ledger.refused(number) { link.hand(over: events, number) }
        }
    }

    private func ask() throws {
        do {
            try followBroker()
            let topic = Topic.submissions.name
            ledger.committed(Self.byPartition(try link.positions.committed(topics: [topic], timeout: .seconds(5))))
            let report = try link.monitor.measure(timeout: .seconds(5))
            holding.measured(outstandingPartitionBytes: report.outstandingPartitionBytes)
            if report.messages == 0, !ledger.isEmpty { try sendForgotten(topic) }
            unanswered = 0
        } catch let error as KafkaError {
            holding.unknown()
            unanswered += 1
            if unanswered % 20 == 1 { progress.say("chờ broker / waiting for the broker: \(error)") }
        }
        if ledger.confirmedThrough > saved {
            saved = ledger.confirmedThrough
            try saveState?(saved)
        }
    }

    /// A broker in memory that began anew has another address and nothing in it: what Intake has not confirmed is sent
    /// again.
    private func followBroker() throws {
        let now = address.current
        guard now != link.address else { return }
        progress.say(
            "broker mới, gửi lại những gì chưa chắc / another broker, sending again what is not confirmed: \(now)")
        link.close(timeout: .zero)
        link = try BrokerLink(now, log: log)
        for (number, events) in ledger.everythingAgain() { link.hand(over: events, number) }
    }

    /// A broker that began anew ends before the positions that it once gave.
    private func sendForgotten(_ topic: String) throws {
        let ends = Self.byPartition(try link.positions.ends(topics: [topic], timeout: .seconds(5)))
        for (number, events) in ledger.forgotten(ends: ends) {
            progress.say("broker đã mất các dòng, gửi lại / the broker has lost rows, sending them again")
            link.hand(over: events, number)
        }
    }

    private static func byPartition(_ offsets: [TopicPartition: Int64]) -> [Int32: Int64] {
        Dictionary(uniqueKeysWithValues: offsets.map { ($0.key.partition, $0.value) })
    }
}
