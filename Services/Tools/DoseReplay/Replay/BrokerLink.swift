/// The clients of one broker, and what its delivery thread has reported. A broker at another address is another one, with
/// nothing in it: it gets a link of its own, and nothing that the old one said counts any more.
import Messaging
import Observability
import RecordModel
import ServiceRuntime
import Synchronization

final class BrokerLink: Sendable {
    enum Report: Sendable {
        case acknowledged(Int, [RecordPosition])
        case refused(Int, String)
    }

    let address: String
    let positions: GroupPositions
    let monitor: LagMonitor
    private let producer: Producer
    private let box: Mutex<[Report]>

    init(_ address: String, log: Log) throws {
        let configuration = try ToolKafka.configuration(bootstrap: address, clientID: "dose-replay")
        self.address = address
        producer = try Producer(configuration, log: log)
        positions = try GroupPositions(configuration, group: "intake", log: log)
        monitor = LagMonitor(configuration, log: log)
        box = Mutex([])
    }

    /// Publishes a batch; how it went is among the reports later.
    func hand(over events: [OutgoingEvent], _ number: Int) {
        producer.publishTracked(events) { [weak self] result in
            switch result {
            case .success(let positions): self?.put(.acknowledged(number, positions))
            case .failure(let error): self?.put(.refused(number, "\(error)"))
            }
        }
    }

    /// A report that could not be made use of yet comes again.
    func put(_ report: Report) { box.withLock { $0.append(report) } }

    func takeReports() -> [Report] {
        box.withLock { reports in
            defer { reports = [] }
            return reports
        }
    }

    func close(timeout: Duration) { producer.close(timeout: timeout) }
}
