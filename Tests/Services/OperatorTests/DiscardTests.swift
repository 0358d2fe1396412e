import Foundation
import Observability
import Synchronization
import Testing
import Web

@testable import Operator

@Suite struct DiscardTests {
    @Test("discard needs service, message and reason, passes them on, and fails where something is still parked")
    func discard() async throws {
        let wishes = Mutex<[String]>([])
        try await withServices([
            Route(.post, "/v1/operations/discard", roles: [.operator], summary: "") { request in
                let wish = String(decoding: try await request.bytes(), as: UTF8.self)
                wishes.withLock { $0.append(wish) }
                if wish.contains(#""id":9"#) { throw Problem.conflict("this message waits behind message 7") }
                return .json { json in
                    json.member("discarded", true)
                    json.member("handled", 2)
                    json.member("left", wish.contains(#""id":8"#) ? 1 : 0)
                }
            },
            Route(.get, "/v1/operations/discarded", roles: [.operator], summary: "") { _ in
                .json { json in json.array("discarded") { _ in } }
            },
        ]) { services in
            let noReason = await services.run("parked", "discard", "--service", "intake", "--id", "7")
            let noNumber = await services.run("parked", "discard", "--service", "intake", "--reason", "x")
            let noService = await services.run("parked", "discard", "--id", "7", "--reason", "x")
            #expect(noReason == 64 && noNumber == 64 && noService == 64)
            #expect(wishes.withLock { $0.isEmpty })
            let done = await services.run(
                "parked", "discard", "--service", "intake", "--id", "7", "--reason", "cut off", "--dry-run")
            #expect(done == 0)
            #expect(wishes.withLock { $0 } == [#"{"id":7,"reason":"cut off","dry_run":true}"#])
            let left = await services.run("parked", "discard", "--service", "intake", "--id", "8", "--reason", "x")
            let refused = await services.run("parked", "discard", "--service", "intake", "--id", "9", "--reason", "x")
            #expect(left == 1 && refused == 1)
            let list = await services.run("parked", "discarded")
            #expect(list == 0)
        }
    }

    @Test("an instance that does not know its lag is not one without lag")
    func unknownLag() throws {
        let text =
            #"{"service":"intake","ready":false,"reasons":["consumer: not in its group yet"],"lag":null,"outbox":{}}"#
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let state = Status.state(object, service: "intake", instance: "intake")
        #expect(!state.lagKnown && Status.inFlight([state]) == nil)
        #expect(Status.table([state]).contains("lag chưa biết/not known yet"))
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(Status.json([state]).utf8)) as? [String: Any])
        #expect(json["in_flight"] is NSNull)
        #expect((json["services"] as? [[String: Any]])?.first?["lag"] is NSNull)
    }
}
