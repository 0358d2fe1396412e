import Cryptography
import Foundation
import FoundationNetworking
import RecordModel
import Storage
import TestSupport
import Testing
import Web

@testable import CorrectionTasks

/// Takes `role@unit` for a token.
private struct PlainTokens: Authenticator {
    func authenticate(_ token: String) throws(TokenError) -> Principal {
        let parts = token.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let role = Role(rawValue: parts[0]) else { throw TokenError.malformed }
        return Principal(subject: "tester", role: role, unit: parts[1])
    }
}

/// The routes behind a real server.
private struct TestServer {
    let test: TestDesk
    let server: HTTPServer

    static func with(_ body: (TestServer) async throws -> Void) async throws {
        try await TestPostgres.shared().withDatabase(migrations: migrations) { database in
            let test = TestDesk(database: database)
            try test.loadUnits()
            try test.take([
                Fact.message(Fact.dose(1, name: "=cmd Canary")), Fact.message(Fact.verdict(1)),
                Fact.message(Fact.finding(1)), Fact.message(Fact.dose(2, commune: "26737", doseNumber: 8)),
                Fact.message(Fact.verdict(2, .cannotVerify)),
            ])
            let server = try HTTPServer(
                HTTPServerConfiguration(address: ListenAddress(host: "127.0.0.1", port: 0)), routes: test.routes,
                authenticator: PlainTokens(), log: TestPostgres.log)
            let result: Result<Void, any Error>
            do { result = .success(try await body(TestServer(test: test, server: server))) } catch {
                result = .failure(error)
            }
            await server.stop(graceSeconds: 2)
            try result.get()
        }
    }

    func ask(
        _ method: String, _ path: String, as role: Role, unit: String = "", body: String? = nil,
        type: String = "application/json"
    ) async throws -> (status: Int, text: String) {
        let url = try #require(URL(string: "http://127.0.0.1:\(server.port)\(path)"))
        var request = URLRequest(url: url)
        // Other suites of this process may hold the task threads, of which a small machine has two, for a minute and more.
        request.timeoutInterval = 600
        request.httpMethod = method
        request.setValue("Bearer \(role.rawValue)@\(unit)", forHTTPHeaderField: "authorization")
        if let body {
            request.httpBody = Data(body.utf8)
            request.setValue(type, forHTTPHeaderField: "content-type")
        }
        let (data, response) = try await URLSession.shared.data(for: request)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
    }
}

@Suite struct HTTPTests {
    @Test("AUT-17 the work list shows each unit its own; only police see what differs, masked, and views are recorded")
    func workList() async throws {
        try await TestServer.with { server in
            let station = try await server.ask("GET", "/v1/work-list", as: .communeStation, unit: "T26734")
            #expect(station.status == 200)
            let lines = station.text.split(separator: "\n")
            #expect(lines.count == 2 && lines[0] == WorkList.columns.joined(separator: ",")[...])
            #expect(lines[1].contains("'=cmd Canary") && lines[1].contains("LEADING_ZERO_LOST"))
            #expect(!station.text.contains("DIACRITICS_ONLY") && !station.text.contains("079***"))
            let police = try await server.ask("GET", "/v1/work-list", as: .communePolice, unit: "CA26734")
            #expect(police.text.contains("name:DIACRITICS_ONLY") && police.text.contains("079******456"))
            #expect(!police.text.contains("079090123456"))
            let other = try await server.ask("GET", "/v1/work-list", as: .communePolice, unit: "CA26737")
            #expect(other.text.contains("R2") && !other.text.contains("R1"))
            let facility = try await server.ask("GET", "/v1/work-list", as: .facilityHead, unit: "79001")
            #expect(facility.text.split(separator: "\n").count == 4)
            let nobody = try await server.ask("GET", "/v1/work-list", as: .communePolice, unit: "unknown")
            #expect(nobody.status == 403)
            let runner = try await server.ask("GET", "/v1/work-list", as: .operator)
            #expect(runner.status == 403)
            let views = try await server.test.database.asyncConnection { connection in
                try connection.query("SELECT unit_code, tasks FROM finding_view ORDER BY id") {
                    "\($0.text(0)) \($0.int4(1))"
                }
            }
            #expect(views == ["CA26734 1", "CA26737 1"])
        }
    }

    @Test("CLN-02 the list filled in comes back with the same rows: a result for each, good or bad")
    func bulk() async throws {
        try await TestServer.with { server in
            let tasks = try server.test.tasks().filter { $0.kind == .identity }
            let csv = """
                task_id,resolution,full_name,sex,date_of_birth,id_number,commune,source_record_id
                \(tasks[0].taskID),corrected,Nguyễn Văn An,M,1990-02-03,079090000009,,R1
                \(tasks[1].taskID),confirmed-as-typed,,,,,,R2
                nonsense,corrected,,,,,,
                \(tasks[0].taskID),maybe,,,,,,R1

                """
            let answer = try await server.ask(
                "POST", "/v1/resolutions", as: .communePolice, unit: "CA26734", body: csv, type: "text/csv")
            #expect(answer.status == 200)
            let results = answer.text.split(separator: "\n").map(String.init)
            #expect(results.count == 4)
            #expect(results[0].contains("\"applied\"") && results[0].contains("\"corrected\""))
            #expect(results[1].contains("not-your-area"))
            #expect(results[2].contains("unknown-task"))
            #expect(results[3].contains("unknown-resolution"))
            let again = try await server.ask(
                "POST", "/v1/resolutions", as: .communePolice, unit: "CA26734", body: csv, type: "text/csv")
            #expect(again.text.contains("\"unchanged\""))
            let ndjson = "{\"task_id\":\"\(tasks[1].taskID)\",\"resolution\":\"no-such-person\"}\n"
            let other = try await server.ask(
                "POST", "/v1/resolutions", as: .provincialPolice, unit: "CA26737", body: ndjson,
                type: "application/x-ndjson")
            #expect(other.text.contains("\"no-such-person\""))
            let left = try server.test.corrections()
            #expect(left.count == 1)
        }
    }

    @Test("AUT-01 health roles cannot resolve identity, police cannot touch dose fields")
    func authority() async throws {
        try await TestServer.with { server in
            let tasks = try server.test.tasks()
            let path = "/v1/tasks/\(tasks[0].taskID)/resolution"
            let body = "{\"resolution\": \"no-such-person\"}"
            for role in Role.allCases where !Set<Role>.police.contains(role) {
                let answer = try await server.ask("POST", path, as: role, unit: "T26734", body: body)
                #expect(answer.status == 403, "\(role)")
                let many = try await server.ask("POST", "/v1/resolutions", as: role, unit: "T26734", body: body)
                #expect(many.status == 403, "\(role)")
            }
            let dose = "{\"dose_number\": \"2\"}"
            for role in Set<Role>.police {
                let answer = try await server.ask(
                    "POST", "/v1/records/79001/R2/dose-fields", as: role, unit: "79001", body: dose)
                #expect(answer.status == 403, "\(role)")
            }
            let own = try await server.ask(
                "POST", "/v1/records/79001/R2/dose-fields", as: .facilityStaff, unit: "79001", body: dose)
            #expect(own.status == 200 && own.text.contains("applied"))
            let police = try await server.ask("POST", path, as: .communePolice, unit: "CA26734", body: body)
            #expect(police.status == 200 && police.text.contains("no-such-person"))
        }
    }

    @Test("PAS-06 why names step, unit and reason in both languages; exports and counts hold no person")
    func reports() async throws {
        try await TestServer.with { server in
            let why = try await server.ask("GET", "/v1/why/79001/R1", as: .operator)
            #expect(why.text.contains("\"step\":\"correction\"") && why.text.contains("\"unit_code\":\"T26734\""))
            #expect(why.text.contains("Thông tin cá nhân không khớp") && why.text.contains("do not agree"))
            let unknown = try await server.ask("GET", "/v1/why/79001/R9", as: .operator)
            #expect(unknown.text.contains("\"known\":false"))
            let export = try await server.ask("GET", "/v1/exports/tasks", as: .operator)
            let lines = export.text.split(separator: "\n")
            #expect(lines.count == 4 && lines[0] == ReportRoutes.exportColumns.joined(separator: ",")[...])
            #expect(export.text.contains(",identity,79001,R1,verified-wrong,T26734,79001,open,2022-04-20T05:00:00Z,"))
            #expect(export.text.contains(",dose-field,79001,R2,no-id,79001,79001,open,"))
            #expect(!export.text.contains("Canary"))
            let counts = try await server.ask("GET", "/v1/counts", as: .operator)
            #expect(counts.text.contains("\"tasks_open\":3") && counts.text.contains("\"tasks_open_dose_field\":1"))
            let page = try await server.ask("GET", "/v1/tasks?limit=1", as: .communeStation, unit: "T26734")
            #expect(page.text.contains("\"identity\"") && !page.text.contains("Canary"))
        }
    }
}
