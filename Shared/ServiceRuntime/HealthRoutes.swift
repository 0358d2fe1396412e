import Observability
import Web

/// The pages of the operations port: no token, no data.
enum HealthRoutes {
    static func routes(_ health: Health, metrics: MetricsRegistry) -> [Route] {
        [
            .open(.get, "/livez", summary: "Whether the process's threads turn.") { _ in
                if let reason = health.notLive { return answer(503, "not live", [reason]) }
                return answer(200, "live", [])
            },
            .open(.get, "/readyz", summary: "Whether the service can do its work.") { _ in
                let reasons = health.notReady
                return answer(reasons.isEmpty ? 200 : 503, reasons.isEmpty ? "ready" : "not ready", reasons)
            },
            .open(.get, "/metrics", summary: "Prometheus text format 0.0.4.") { _ in
                .bytes(Array(metrics.render().utf8), contentType: "text/plain; version=0.0.4; charset=utf-8")
            },
        ]
    }

    private static func answer(_ status: Int, _ word: String, _ reasons: [String]) -> Response {
        .json(status: status) { json in
            json.member("status", word)
            json.array("reasons") { json in for reason in reasons { json.element(reason) } }
        }
    }
}
