/// `operator topics`: creates what is declared, or says what is missing. The one command that talks to the brokers:
/// topics are theirs.
import Foundation
import Messaging
import Observability
import RecordModel
import ServiceRuntime
import ToolArguments

enum Topics {
    static let command = Operator.Command(
        name: "topics",
        usage: """
              topics create|verify|list [--bootstrap HOST:PORT] [--replication N]
                                                 các chủ đề Kafka / the declared topics; KAFKA_PROPERTIES: TLS, SASL …
            """,
        options: ["--bootstrap", "--replication"]
    ) { arguments, _ in
        let act = arguments.positional.first ?? "list"
        if act == "list" {
            for topic in Topic.all {
                try Output.line(
                    "\(topic.name)\t\(topic.partitions)\t\(topic.keyedBy)\t\(topic.writers.joined(separator: ","))"
                        + "\t\(topic.readers.joined(separator: ","))")
            }
            return 0
        }
        let environment = ProcessInfo.processInfo.environment
        guard let bootstrap = arguments.values["--bootstrap"] ?? environment["KAFKA_BOOTSTRAP_SERVERS"] else {
            throw Arguments.Problem.missing("--bootstrap")
        }
        let administration = TopicAdministration(
            try ToolKafka.configuration(bootstrap: bootstrap, clientID: "operator", environment: environment),
            log: Log(service: "operator"))
        switch act {
        case "create":
            let made = try administration.create(replication: try arguments.count("--replication") ?? 1)
            try Output.line("đã tạo / created: \(made.count) (\(made.joined(separator: ", ")))")
        case "verify":
            try administration.verifyExist(Topic.all)
            try Output.line("đủ / all \(Topic.all.count) are there")
        default: throw Arguments.Problem.unexpected(act)
        }
        return 0
    }
}
