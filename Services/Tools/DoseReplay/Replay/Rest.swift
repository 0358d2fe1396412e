/// Waits until nothing is in flight: every group has read all of its topics and no outbox holds a row, seen twice with
/// the same counts in between, since a message may be on its way from one place to another while one looks.
import Foundation
import Messaging
import Observability
import ServiceRuntime

struct Rest {
    enum Outcome: CustomStringConvertible {
        case still
        case timedOut(Observation?)

        var inFlight: Int64 {
            switch self {
            case .still: 0
            case .timedOut(let observation): observation?.inFlight ?? -1
            }
        }

        var description: String {
            switch self {
            case .still: "không còn gì trên đường / nothing is in flight"
            case .timedOut(let observation):
                "chưa yên trong thời hạn / did not come to rest in time: "
                    + (observation.map { "\($0)" } ?? "không hỏi được / nobody answered")
            }
        }
    }

    /// What was seen at one moment.
    struct Observation: Equatable, CustomStringConvertible {
        var lag: Int64
        /// The group and topic that are furthest behind.
        var behind = ""
        var outboxRows: Int64
        /// Counts of all services: work that goes on inside one shows here.
        var counts: [String: Int64]
        var inFlight: Int64 { lag + outboxRows }
        var isEmpty: Bool { lag == 0 && outboxRows == 0 }
        var description: String { "lag \(lag)\(behind), outbox \(outboxRows)" }
    }

    /// Whether the last observations make rest: a state machine without I/O.
    struct Judge {
        static let needed = 3
        private var last: Observation?
        private var same = 0

        /// True when so many observations in a row were empty and equal.
        mutating func takes(_ observation: Observation) -> Bool {
            same = observation.isEmpty && observation == last ? same + 1 : observation.isEmpty ? 1 : 0
            last = observation
            return same >= Judge.needed
        }
    }

    let broker: BrokerAddress
    let services: ServiceAddresses
    let log: Log

    /// Looks until there is rest, or the time is over. Services and brokers that do not answer are asked again.
    func wait(timeout: Duration) throws -> Outcome {
        var address = broker.current
        var monitor = try self.monitor(of: address)
        let deadline = ContinuousClock.now + timeout
        var judge = Judge()
        var last: Observation?
        var told = ContinuousClock.now
        while ContinuousClock.now < deadline {
            if broker.current != address {
                address = broker.current
                monitor = try self.monitor(of: address)
                judge = Judge()
            }
            do {
                let observation = try observe(monitor)
                last = observation
                if judge.takes(observation) { return .still }
                tell("\(observation)", &told)
            } catch let error as KafkaError {
                tell("\(error)", &told)
            } catch let error as StatusClient.Unavailable {
                tell("\(error.service) không trả lời / does not answer", &told)
            }
            Thread.sleep(forTimeInterval: 0.15)
        }
        return .timedOut(last)
    }

    /// Says every ten seconds what is waited for.
    private func tell(_ what: String, _ told: inout ContinuousClock.Instant) {
        guard ContinuousClock.now - told > .seconds(10) else { return }
        told = .now
        DoseReplay.complain("chờ yên / waiting for rest: \(what)")
    }

    private func monitor(of address: String) throws -> LagMonitor {
        LagMonitor(try ToolKafka.configuration(bootstrap: address, clientID: "dose-replay"), log: log)
    }

    /// Outboxes before lag: what leaves an outbox in between is seen as lag.
    private func observe(_ monitor: LagMonitor) throws -> Observation {
        var counts: [String: Int64] = [:]
        var outbox: Int64 = 0
        for (service, address) in services.addresses {
            let status = try StatusClient(address: address, token: services.token()).status(of: service)
            outbox += status.outboxRows
            for (name, value) in status.counts { counts[service + "." + name] = value }
        }
        let report = try monitor.measure(timeout: .seconds(5))
        let furthest = report.groups.filter { $0.messages > 0 }.max { $0.messages < $1.messages }
        return Observation(
            lag: report.messages, behind: furthest.map { " (\($0.topic) → \($0.group))" } ?? "", outboxRows: outbox,
            counts: counts)
    }
}
