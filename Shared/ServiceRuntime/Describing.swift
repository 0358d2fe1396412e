import Observability
import Storage
public import Web

extension ServiceDefinition {
    /// The OpenAPI document of the service's routes and of those that the runtime adds.
    /// - Throws: what `compose` throws; it must not need files, keys or servers while `isDescribing`.
    public func openAPIDocument() throws -> Document {
        OpenAPI.document(title: name, version: version, summary: summary, routes: try describedRoutes())
    }

    /// The routes without a running service: settings have their defaults or placeholders.
    public func describedRoutes() throws -> [Route] {
        let command = ServiceCommand(self, arguments: [], environment: [:])
        let entries = command.settings.map { setting in
            Configuration.Entry(
                declaration: setting, text: setting.defaultText ?? setting.placeholder, source: .standard)
        }
        let configuration = Configuration(entries)
        let log = Log(service: name, level: .error)
        let context = ServiceContext(
            service: name, configuration: configuration,
            database: Database(DatabaseConfiguration(url: "", schema: schema), log: log), log: log,
            metrics: MetricsRegistry(), isDescribing: true)
        let parts = try compose(context)
        return parts.routes
            + OperatorRoutes(definition: self, context: context, parts: parts, running: nil).routes
    }
}

extension SettingDeclaration {
    /// A text that the setting takes, for describing a service that is not configured.
    var placeholder: String? {
        let candidates = [
            "placeholder", "1", "true", "127.0.0.1:1", "2021-01-01", String(repeating: "0", count: 64),
            String(repeating: "0", count: 128),
        ]
        return candidates.first { problem(with: $0) == nil }
    }
}
