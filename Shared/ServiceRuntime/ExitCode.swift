import Messaging
import Storage
import Web

/// How a process ends (sysexits.h).
public enum ExitCode: Int32, Sendable {
    case success = 0
    /// The answer is no, for example `healthcheck` of a service that is not ready.
    case failure = 1
    /// The command line is not understood.
    case usage = 64
    /// Something that is needed is not there: database, broker, topic, port.
    case unavailable = 69
    /// An error of ours.
    case `internal` = 70
    /// The configuration is to be changed.
    case configuration = 78

    /// The code for an error that ended a command.
    public init(of error: any Error) {
        switch error {
        case is ConfigurationRefused, is SettingProblem, is KeySetError, is DevelopmentIssuerRefused:
            self = .configuration
        case let error as StorageError: self = Self.code(of: error)
        case let error as ListenError: self = error.isPortTaken ? .unavailable : .configuration
        case MessagingError.setting: self = .configuration
        case is MessagingError, is KafkaError, is DependencyUnavailable: self = .unavailable
        default: self = .internal
        }
    }

    private static func code(of error: StorageError) -> ExitCode {
        switch error {
        case .unavailable(let failure): failure.isConfiguration ? .configuration : .unavailable
        case .migration(.lockTimedOut), .migration(.notApplied): .unavailable
        case .migration: .configuration
        default: error.isTransient ? .unavailable : .internal
        }
    }
}

/// Something that the service needs is not there. The text names what and the remedy.
public struct DependencyUnavailable: Error, CustomStringConvertible, Sendable {
    public let description: String

    public init(_ description: String) { self.description = description }
}
