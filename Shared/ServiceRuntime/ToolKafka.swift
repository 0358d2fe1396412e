public import Foundation
public import Messaging

/// How executables that are no services reach the brokers: with the same `KAFKA_PROPERTIES` as the services.
public enum ToolKafka {
    /// - Parameters:
    ///   - bootstrap: `host:port`, separated by commas.
    ///   - clientID: the tool's name.
    /// - Throws: `ConfigurationRefused` where `KAFKA_PROPERTIES` (or the file that `KAFKA_PROPERTIES_FILE` names) is not right.
    public static func configuration(
        bootstrap: String, clientID: String, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ConfigurationRefused) -> KafkaConfiguration {
        let settings = try SettingsResolver([StandardSettings.kafkaProperties], environment: environment)
            .resolve(arguments: [])
        return KafkaConfiguration(
            bootstrapServers: bootstrap, clientID: clientID,
            extra: settings.optional(StandardSettings.kafkaProperties) ?? [:])
    }
}
