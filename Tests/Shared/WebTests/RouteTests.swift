import Observability
import Testing

@testable import Web

@Suite("Routes")
struct RouteTests {
    private static func route(_ method: Method, _ path: String, roles: Set<Role> = .everyone) -> Route {
        Route(method, path, roles: roles, summary: path) { request in
            .json { json in
                json.member("route", request.route)
                json.member("unit", request.principal.unit)
                for (name, value) in request.pathParameters.sorted(by: { $0.key < $1.key }) { json.member(name, value) }
                for name in request.query.names { json.member("?" + name, request.query[name]) }
            }
        }
    }

    @Test("AUT-01 every role against every route: its own are answered, all others get 403, nobody gets 401")
    func roles() async throws {
        let table: [(Route, Set<Role>)] = [
            ("/v1/police", Set<Role>.police), ("/v1/health", .health), ("/v1/operator", [.operator]),
            ("/v1/nobody", []), ("/v1/everyone", .everyone), ("/v1/heads", [.facilityHead, .communeCommittee]),
        ].map { path, roles in (Self.route(.get, path, roles: roles), roles) }
        try await TestServer.with(table.map(\.0)) { test in
            for (route, roles) in table {
                let path = route.pattern.text
                #expect(try await test.ask("GET", path, as: nil).status == 401)
                for role in Role.allCases {
                    let reply = try await test.ask("GET", path, as: role)
                    #expect(reply.status == (roles.contains(role) ? 200 : 403), "\(role) on \(path)")
                }
            }
        }
    }

    @Test("the most specific pattern wins, and parameters are decoded after matching")
    func matching() async throws {
        let routes = [
            Self.route(.get, "/v1/turns/{id}"), Self.route(.get, "/v1/turns/open"),
            Self.route(.get, "/v1/turns/{id}.p7s"), Self.route(.get, "/v1/records/{facility}/{record}"),
            Self.route(.post, "/v1/turns/{id}"),
        ]
        try await TestServer.with(routes) { test in
            func object(_ target: String) async throws -> [String: String] {
                try await test.ask("GET", target).object().compactMapValues { $0 as? String }
            }
            #expect(try await object("/v1/turns/open")["route"] == "/v1/turns/open")
            #expect(try await object("/v1/turns/7")["id"] == "7")
            #expect(try await object("/v1/turns/7.p7s") == ["route": "/v1/turns/{id}.p7s", "unit": "79001", "id": "7"])
            let record = try await object("/v1/records/79001/A%2F1%20%E1%BB%87?x=%2B1+2&x=3&y")
            #expect(record["record"] == "A/1 ệ")
            #expect(record["?x"] == "+1 2")
            #expect(record["?y"] == "")
            for (method, target, status) in [
                ("GET", "/", 404), ("GET", "/v1/turns", 404), ("GET", "/v1/turns/", 404), ("GET", "/v1/turns/a/b", 404),
                ("GET", "/v1/turns/%00", 404), ("GET", "/v1/turns/%zz", 404), ("GET", "/v1/turns/%C3%28", 404),
                ("DELETE", "/v1/turns/1", 405), ("BREW", "/v1/turns/1", 405), ("HEAD", "/v1/turns/1", 200),
                ("GET", "/v1/turns/1?x=%00", 400),
            ] {
                #expect(try await test.ask(method, target).status == status, "\(method) \(target)")
            }
            #expect(try await test.ask("DELETE", "/v1/turns/1").headers["allow"] == "GET, POST")
        }
    }

    @Test("a problem is RFC 9457 with Vietnamese and English titles and the trace id")
    func problem() async throws {
        struct Odd: Error {}
        let routes = [
            Route(.get, "/v1/rule", roles: .everyone, summary: "") { _ in
                throw Problem.unprocessable([(name: "injected_on", rule: "must not be in the future")])
            },
            Route(.get, "/v1/odd", roles: .everyone, summary: "") { _ in throw Odd() },
            Route(.get, "/v1/held", roles: .everyone, summary: "") { _ in throw Problem.heldBack("full") },
        ]
        try await TestServer.with(routes) { test in
            let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            let reply = try await test.ask("GET", "/v1/rule", headers: ["traceparent: \(trace)"])
            #expect(reply.status == 422)
            #expect(reply.headers["content-type"] == "application/problem+json")
            #expect(reply.headers["traceparent"]?.hasPrefix("00-4bf92f3577b34da6a3ce929d0e0e4736-") == true)
            #expect(
                reply.text
                    == #"{"type":"urn:tiemchung:problem:rule-broken","title":"Dữ liệu không hợp lệ","#
                    + #""title_en":"The data break rules","status":422,"#
                    + #""fields":[{"name":"injected_on","rule":"must not be in the future"}],"#
                    + #""trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}"#)
            let odd = try await test.ask("GET", "/v1/odd")
            #expect(odd.status == 500)
            #expect(try odd.object()["detail"] == nil)
            let id = try #require(try odd.object()["trace_id"] as? String)
            #expect(test.lines.all.contains { $0.contains(id) && $0.contains("Odd") })
            #expect(try await test.ask("GET", "/v1/held").headers["retry-after"] == "5")
            let refused = try await test.ask("GET", "/v1/rule", as: nil)
            #expect(refused.headers["www-authenticate"]?.hasPrefix("Bearer") == true)
        }
    }

    @Test("AUT-16 paths, queries, bodies and tokens stand in no log line and no metric")
    func canary() async throws {
        struct Failure: Error { let name: PersonalData<String> }
        let canary = "CanaryNguyen001099012345"
        let routes = [
            Route(.post, "/v1/people/{name}", roles: [.cdc], summary: "") { request in
                _ = try await request.bytes()
                throw Failure(name: PersonalData(request.parameter("name")))
            },
            Route(.post, "/v1/json", roles: [.cdc], summary: "") { request in
                struct Form: Decodable, Sendable { let year: Int }
                return .json { json in json.member("year", 0) }.header("x", "\(try await request.json(Form.self).year)")
            },
        ]
        try await TestServer.with(routes) { test in
            let body = Array(#"{"year":"\#(canary)"}"#.utf8)
            var shown = ""
            for role in [Role.cdc, .operator, nil] {
                shown += try await test.ask("POST", "/v1/people/\(canary)?q=\(canary)", as: role, body: body).text
                shown += try await test.ask("POST", "/v1/json", as: role, headers: ["X-A: \(canary)"], body: body).text
                shown += try await test.ask("GET", "/v1/\(canary)", as: role).text
            }
            shown += try await RawClient.ask(test.port, "GET", "/v1/json", token: canary).text
            for text in test.lines.all + [shown, test.metrics.render()] { #expect(!text.contains(canary)) }
            #expect(shown.contains("year"))
        }
    }

    @Test("the OpenAPI document has every route once, with roles, in a fixed order")
    func openAPI() {
        let routes = [
            Route(
                .post, "/v1/turns/{id}/signature", roles: [.facilityHead], scope: .unit, summary: "Signs.",
                request: Schema("Signature", contentTypes: ["application/pkcs7-signature"]), response: "Turn",
                query: [.init("dry_run", "boolean")]
            ) { _ in .empty() },
            Route(
                .get, "/v1/turns", roles: [.cdc, .facilityHead], summary: "Lists: \"turns\".",
                response: .csv("Turns", columns: ["turn_id"])
            ) {
                _ in .empty()
            },
        ]
        let document = OpenAPI.document(title: "signing", version: "1", summary: "Signs.", routes: routes)
        #expect(
            document == OpenAPI.document(title: "signing", version: "1", summary: "Signs.", routes: routes.reversed()))
        let yaml = document.yaml
        #expect(yaml.contains("  /v1/turns:\n    get:\n      operationId: \"getTurns\"\n"))
        #expect(yaml.contains("x-roles:\n        - \"cdc\"\n        - \"facility-head\"\n"))
        #expect(yaml.contains("summary: \"Lists: \\\"turns\\\".\""))
        #expect(yaml.contains("  \"/v1/turns/{id}/signature\":\n"))
        #expect(document.json.contains("\"$ref\": \"#/components/schemas/Turn\""))
    }
}
