import Cryptography
import Foundation
import Observability
import RecordModel
import ServiceRuntime
import Storage
import TestSupport
import Testing
import Web

@testable import Intake

/// Takes `role@unit` for a token.
struct PlainTokens: Authenticator {
    func authenticate(_ token: String) throws(TokenError) -> Principal {
        let parts = token.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let role = Role(rawValue: parts[0]) else { throw TokenError.malformed }
        return Principal(subject: "tester", role: role, unit: parts[1])
    }
}

/// Intake's routes behind a real server.
struct TestIntake: Sendable {
    let server: HTTPServer
    let database: Database
    let pressure: Pressure
    let worker: UploadWorker

    /// The body runs on a thread of its own: its client blocks, and the server needs the threads of tasks.
    static func with(_ body: @escaping @Sendable (TestIntake) throws -> Void) async throws {
        try await TestPostgres.shared().withDatabase(migrations: migrations, poolSize: 8) { database in
            _ = try await database.asyncTransaction { try UnitTable.load(testUnits, at: noon, in: $0) }
            let intake = SubmissionIntake(identifiers: RecordIdentifiers(key: key), clock: ManualClock(noon))
            let (clock, log, pressure) = (ManualClock(noon), TestPostgres.log, Pressure())
            let admit: @Sendable () throws -> Void = { try pressure.admit() }
            let routes =
                DoseRoutes(intake: intake, database: database, clock: clock, admit: admit).routes
                + UploadRoutes(database: database, clock: clock, log: log, admit: admit, maxBody: 64 << 20).routes
                + UnitRoutes(database: database, clock: clock, log: log).routes
                + RecordRoutes(
                    database: database, identifiers: intake.identifiers, units: intake.units, log: log
                ).routes + RefusalRoutes(database: database).routes
                + WhyRoute(database: database, identifiers: intake.identifiers).routes
                + CountRoute(database: database).routes
            var configuration = HTTPServerConfiguration(address: ListenAddress(host: "127.0.0.1", port: 0))
            configuration.inactivitySeconds = 2
            let server = try HTTPServer(configuration, routes: routes, authenticator: PlainTokens(), log: log)
            let test = TestIntake(
                server: server, database: database, pressure: pressure,
                worker: UploadWorker(intake: intake, database: database, clock: clock, log: log, admit: admit))
            let result: Result<Void, any Error> = await withCheckedContinuation { continuation in
                Thread { continuation.resume(returning: Result { try body(test) }) }.start()
            }
            await server.stop(graceSeconds: 2)
            try result.get()
        }
    }

    func client(_ role: Role = .facilityStaff, unit: String = station) -> PlainClient {
        PlainClient(port: server.port, token: "\(role.rawValue)@\(unit)")
    }
}

func csv(_ rows: [Submission]) -> [UInt8] {
    var text = Submission.columns.joined(separator: ",") + "\n"
    for row in rows {
        text +=
            row.values.map { $0.contains(",") || $0.contains("\n") ? "\"\($0)\"" : $0 }.joined(separator: ",") + "\n"
    }
    return Array(text.utf8)
}

func json(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
}

@Suite("Intake over HTTP")
struct HTTPTests {
    @Test("INJ-06 POST /v1/doses takes an array, NDJSON and CSV, with a result for each row")
    func doses() async throws {
        try await TestIntake.with { intake in
            let client = intake.client()
            let array = """
                [{"facility_code":"\(station)","source_record_id":"A1","full_name":"Trần Văn Tèo","sex":1,
                "date_of_birth":"1990","id_number":79090012345,"dose_number":1,"vaccine":"Moderna",
                "injected_on":"2021-10-01"},
                {"facility_code":"\(station)","source_record_id":"A2","full_name":"Trần Văn Tèo","vaccine":"Water",
                "injected_on":"2021-10-01"},
                {"facility_code":"\(hospital)","source_record_id":"A3","vaccine":"Moderna","injected_on":"2021-10-01"},
                {"facility_code":["x"]}]
                """
            let reply = try #require(
                try client.ask("POST", "/v1/doses", type: "application/json", body: Array(array.utf8)))
            #expect(reply.status == 200)
            #expect(!reply.body.contains("Tèo") && !reply.body.contains("79090012345"))
            let answer = try json(reply.body)
            let results = try #require(answer["results"] as? [[String: Any]])
            #expect(results.map { $0["outcome"] as? String } == ["created", "refused", "refused", "refused"])
            #expect(
                results.map { $0["rule"] as? String } == [nil, "unknown-vaccine", "not-own-facility", "nested-value"])
            #expect(answer["accepted"] as? Int == 1 && answer["rejected"] as? Int == 3)

            let lines = """
                {"facility_code":"\(station)","source_record_id":"A1","full_name":"Trần Văn Tèo","sex":"1",\
                "date_of_birth":"1990","id_number":"79090012345","dose_number":"1","vaccine":"Moderna",\
                "injected_on":"2021-10-01"}
                """
            let again = try #require(
                try client.ask("POST", "/v1/doses", type: "application/x-ndjson", body: Array(lines.utf8)))
            // Numbers as texts are the same content.
            #expect(try json(again.body)["duplicates"] as? Int == 1)

            let file = try #require(
                try client.ask("POST", "/v1/doses", type: "text/csv", body: csv([row(), row { $0.lotNumber = "B" }])))
            #expect(try json(file.body)["accepted"] as? Int == 2)
        }
    }

    @Test("a request of another facility's rows alone is forbidden; other roles may not enter")
    func forbidden() async throws {
        try await TestIntake.with { intake in
            let body = csv([row()])
            let other = try intake.client(unit: hospital).ask("POST", "/v1/doses", type: "text/csv", body: body)
            #expect(other?.status == 403)
            let police = try intake.client(.communePolice, unit: "CA-26734")
                .ask("POST", "/v1/doses", type: "text/csv", body: body)
            #expect(police?.status == 403)
        }
    }

    @Test("what cannot be read at all is named with its remedy")
    func unreadable() async throws {
        try await TestIntake.with { intake in
            let client = intake.client()
            func status(_ body: [UInt8], _ type: String, _ path: String = "/v1/doses") throws -> (Int, String) {
                let reply = try #require(try client.ask("POST", path, type: type, body: body))
                return (reply.status, reply.body)
            }
            for path in ["/v1/doses", "/v1/uploads"] {
                let gzip = try status([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3], "text/csv", path)
                #expect(gzip.0 == 415 && gzip.1.contains("unpack"))
                let empty = try status(Array("\u{FEFF}".utf8), "text/csv", path)
                #expect(empty.0 == 422 && empty.1.contains("empty"))
                let columns = try status(Array("facility_code,sex,sex\n1,2,3\n".utf8), "text/csv", path)
                #expect(columns.0 == 422 && columns.1.contains("sex"))
                let missing = try status(Array("facility_code,sex\n1,2\n".utf8), "text/csv", path)
                #expect(missing.0 == 422 && missing.1.contains("source_record_id"))
                let type = try status([1], "image/png", path)
                #expect(type.0 == 415)
            }
            let deep = Array((String(repeating: "[", count: 10_000)).utf8)
            #expect(try status(deep, "application/json").0 == 422)
        }
    }

    @Test("an upload is taken in the background; the receipt tells progress, counts and errors; again is safe")
    func upload() async throws {
        try await TestIntake.with { intake in
            let client = intake.client()
            var body = csv((0..<4500).map { number in row { $0.sourceRecordID = "U-\(number)" } })
            body += csv([row { ($0.sourceRecordID, $0.vaccine) = ("U-bad", "Water") }]).drop { $0 != 0x0A }.dropFirst()
            body += Array("only,three,values\n".utf8)
            let receipt = try #require(try client.ask("POST", "/v1/uploads", type: "text/csv", body: body))
            #expect(receipt.status == 202)
            let first = try json(receipt.body)
            #expect(first["state"] as? String == "waiting" && first["received_rows"] as? Int == 4502)
            let id = try #require(first["upload_id"] as? String)
            #expect(receipt.head.contains("/v1/uploads/\(id)"))

            let worked = try intake.worker.workOnce()
            let rest = try intake.worker.workOnce()
            #expect(worked && !rest)
            let done = try json(try #require(try client.ask("GET", "/v1/uploads/\(id)")).body)
            #expect(done["state"] as? String == "done" && done["done_rows"] as? Int == 4502)
            #expect(done["accepted"] as? Int == 4500 && done["rejected"] as? Int == 2)
            let errors = try #require(try client.ask("GET", "/v1/uploads/\(id)/errors")).body
            #expect(errors.contains("4501,4502,\(station),U-bad,vaccine,unknown-vaccine"))
            #expect(errors.contains("4502,4503,,,,field-count"))

            let same = try json(try #require(try client.ask("POST", "/v1/uploads", type: "text/csv", body: body)).body)
            #expect(same["upload_id"] as? String == id)
            let others = try intake.client(unit: hospital).ask("GET", "/v1/uploads/\(id)")
            #expect(others?.status == 404)
            let chunks = try intake.database.transaction {
                try $0.query("SELECT count(*) FROM upload_chunk") { $0.int(0) }[0]
            }
            #expect(chunks == 0)
        }
    }

    @Test("an upload that is cut in the middle: its whole rows are taken, the receipt says how many, again is safe")
    func cutUpload() async throws {
        try await TestIntake.with { intake in
            let client = intake.client()
            let body = csv((0..<8000).map { number in row { $0.sourceRecordID = "C-\(number)" } })
            let half = Array(body[..<(body.count / 2)])
            let limit = ContinuousClock.now + .seconds(20)
            func latest() throws -> [String: Any]? {
                let list = try json(try #require(try client.ask("GET", "/v1/uploads")).body)
                return (list["uploads"] as? [[String: Any]])?.first
            }
            _ = try client.ask("POST", "/v1/uploads", type: "text/csv", body: half, declared: body.count) {
                // Hangs up only when the server has kept a part of it.
                while try latest()?["received_rows"] as? Int ?? 0 == 0, ContinuousClock.now < limit {}
            }
            // The server notices when the connection goes; the upload then waits for its worker.
            var taken = false
            while !taken, ContinuousClock.now < limit { taken = try intake.worker.workOnce() }
            #expect(taken)
            let upload = try #require(try latest())
            #expect(upload["state"] as? String == "cut" && upload["complete"] as? Bool == false)
            let rows = try #require(upload["done_rows"] as? Int)
            #expect(rows > 0 && rows < 8000)
            #expect(upload["accepted"] as? Int == rows)

            _ = try client.ask("POST", "/v1/uploads", type: "text/csv", body: body)
            let again = try intake.worker.workOnce()
            #expect(again)
            let counts = try intake.database.transaction { try IntakeCounts(in: $0) }
            #expect(counts.created == 8000 && counts.duplicates == Int64(rows))
        }
    }

    @Test("entries are held back by 429 with a time to wait")
    func heldBack() async throws {
        try await TestIntake.with { intake in
            intake.pressure.set("the outbox is full")
            for path in ["/v1/doses", "/v1/uploads"] {
                let reply = try intake.client().ask("POST", path, type: "text/csv", body: csv([row()]))
                #expect(reply?.status == 429)
                #expect(reply?.head.lowercased().contains("retry-after") == true)
            }
        }
    }

    @Test("units: loaded, changed, all or none, and only what changed gives an event")
    func units() async throws {
        try await TestIntake.with { intake in
            let client = intake.client(.operator, unit: "ops")
            func events() throws -> Int {
                try intake.database.transaction {
                    try $0.query("SELECT coalesce(sum(event_count), 0)::bigint FROM outbox") { $0.int(0) }[0]
                }
            }
            let before = try events()
            let header = "unit_code,name,kind,parent_code,province_code,district_code,commune_code,head_name\n"
            let list =
                header + "N-1,Trạm mới,commune-station,,79,760,26734,\n"
                + "\(hospital),Bệnh viện Quận 1,hospital,,,,26740,\n"
            let reply = try #require(try client.ask("PUT", "/v1/units", type: "text/csv", body: Array(list.utf8)))
            let answer = try json(reply.body)
            #expect(answer["created"] as? Int == 1 && answer["unchanged"] as? Int == 1)
            #expect(try events() == before + 1)
            let faulty = header + "N-2,A,hospital,,,,,\nN-3,B,castle,,,,,\nN-2,C,hospital,,,,,\n"
            let refused = try #require(try client.ask("PUT", "/v1/units", type: "text/csv", body: Array(faulty.utf8)))
            #expect(refused.status == 422 && refused.body.contains("line 3: kind"))
            #expect(refused.body.contains("line 4: unit_code"))
            let all = try #require(try client.ask("GET", "/v1/units")).body
            #expect(all.contains("N-1,Trạm mới") && !all.contains("N-2"))
            let staff = try intake.client().ask("PUT", "/v1/units", type: "text/csv", body: Array(list.utf8))
            #expect(staff?.status == 403)
        }
    }

    @Test("PAS-06 records are read within reach; why, refusals and counts tell what became of rows")
    func reading() async throws {
        try await TestIntake.with { intake in
            let client = intake.client()
            let rows = [
                row(), row { $0.lotNumber = "B" }, row { ($0.sourceRecordID, $0.vaccine) = ("R-2", "Water") },
                row { ($0.sourceRecordID, $0.recordStatus) = ("R-3", "withdrawn") },
            ]
            _ = try client.ask("POST", "/v1/doses", type: "text/csv", body: csv(rows))
            let record = try json(try #require(try client.ask("GET", "/v1/records/\(station)/R-1")).body)
            #expect(record["version"] as? Int == 2 && record["full_name"] as? String == "Nguyễn Thị Hồng")
            #expect((record["history"] as? [[String: Any]])?.first?["lot_number"] as? String == "ABX1234")
            let subject = try #require(record["subject_id"] as? String)
            #expect(try client.ask("GET", "/v1/subjects/\(subject)")?.status == 200)
            let police = intake.client(.communePolice, unit: "CA-26734")
            #expect(try police.ask("GET", "/v1/records/\(station)/R-1")?.status == 200)
            let elsewhere = intake.client(.facilityHead, unit: hospital)
            #expect(try elsewhere.ask("GET", "/v1/records/\(station)/R-1")?.status == 404)
            #expect(try elsewhere.ask("GET", "/v1/subjects/\(subject)")?.status == 404)

            func why(_ name: String) throws -> [String: Any] {
                try json(try #require(try client.ask("GET", "/v1/why/\(station)/\(name)")).body)
            }
            #expect(try why("R-1")["blocked"] as? Bool == false)
            #expect(try why("R-2")["step"] as? String == "intake")
            #expect(try why("R-3")["blocked"] as? Bool == true)
            #expect(try why("R-9")["known"] as? Bool == false)

            let refusals = try #require(try intake.client(.operator, unit: "").ask("GET", "/v1/refusals")).body
            #expect(refusals.contains("\(station),R-2,vaccine,unknown-vaccine,request/"))
            #expect(try #require(try elsewhere.ask("GET", "/v1/refusals")).body.contains("R-2") == false)
            let counts = try json(
                try #require(try intake.client(.operator, unit: "").ask("GET", "/v1/counts")).body)
            #expect(counts["accepted"] as? Int == 3 && counts["entered"] as? Int == 2)
            #expect(counts["withdrawn"] as? Int == 1 && counts["rejected"] as? Int == 1)
        }
    }
}
