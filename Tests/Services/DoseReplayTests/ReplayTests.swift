import Foundation
import Testing
import ToolArguments

@testable import DoseReplay

@Suite struct ReplayLedgerTests {
    @Test("A batch is confirmed when the group has committed past every position of it")
    func confirms() {
        var ledger = ReplayLedger<String>()
        let first = ledger.sent("a", rows: 10, lastRow: 10, bytes: 100)
        let second = ledger.sent("b", rows: 10, lastRow: 20, bytes: 100)
        ledger.acknowledged(first, at: [0: 4, 1: 3])
        ledger.committed([0: 5, 1: 3])
        #expect(ledger.confirmedRows == 0, "partition 1 is committed up to 3, not past it")
        ledger.committed([0: 5, 1: 4])
        #expect(ledger.confirmedRows == 10 && ledger.confirmedThrough == 10)
        #expect(ledger.unconfirmedRows == 10 && ledger.unconfirmedBytes == 100)
        ledger.acknowledged(second, at: [2: 0])
        ledger.committed([0: 5, 1: 4, 2: 1])
        #expect(ledger.isEmpty && ledger.confirmedThrough == 20)
    }

    @Test("What is confirmed in the middle does not move the point to go on from")
    func outOfOrder() {
        var ledger = ReplayLedger<String>(confirmedThrough: 100)
        let first = ledger.sent("a", rows: 5, lastRow: 105, bytes: 1)
        let second = ledger.sent("b", rows: 5, lastRow: 110, bytes: 1)
        ledger.acknowledged(first, at: [0: 9])
        ledger.acknowledged(second, at: [1: 2])
        ledger.committed([1: 3])
        #expect(ledger.confirmedRows == 5 && ledger.confirmedThrough == 100)
        ledger.committed([0: 10, 1: 3])
        #expect(ledger.confirmedThrough == 110)
    }

    @Test("A row that was never acknowledged is never confirmed; a refused batch is given back")
    func refused() {
        var ledger = ReplayLedger<String>()
        let number = ledger.sent("a", rows: 1, lastRow: 1, bytes: 1)
        ledger.committed([0: 1_000_000])
        #expect(!ledger.isEmpty)
        let payload = ledger.refused(number)
        #expect(payload == "a")
        ledger.committed([0: 1_000_000])
        #expect(!ledger.isEmpty)
        ledger.acknowledged(number, at: [0: 999_999])
        ledger.committed([0: 1_000_000])
        #expect(ledger.isEmpty)
    }

    @Test("Another broker has nothing: what is not confirmed is sent again in order, and what the old one said is void")
    func anotherBroker() {
        var ledger = ReplayLedger<String>()
        let done = ledger.sent("a", rows: 1, lastRow: 1, bytes: 1)
        let acknowledged = ledger.sent("b", rows: 1, lastRow: 2, bytes: 1)
        _ = ledger.sent("c", rows: 1, lastRow: 3, bytes: 1)
        ledger.acknowledged(done, at: [0: 0])
        ledger.acknowledged(acknowledged, at: [0: 1])
        ledger.committed([0: 1])
        let again = ledger.everythingAgain()
        #expect(again.map(\.payload) == ["b", "c"])
        ledger.committed([0: 100])
        #expect(ledger.unconfirmedRows == 2, "positions of the old broker say nothing of the new one")
        for (number, _) in again { ledger.acknowledged(number, at: [0: 99]) }
        ledger.committed([0: 100])
        #expect(ledger.isEmpty && ledger.confirmedThrough == 3)
    }

    @Test("The broker's address is read from its file again and again; the given one stands in while it is not there")
    func address() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("b-\(UUID().uuidString)").path
        let arguments = try Arguments(
            ["--bootstrap", "a:1", "--bootstrap-file", path], options: BrokerAddress.options)
        let address = try BrokerAddress(arguments, environment: [:])
        #expect(address.current == "a:1")
        try Data("b:2\n".utf8).write(to: URL(fileURLWithPath: path))
        #expect(address.current == "b:2")
        try Data().write(to: URL(fileURLWithPath: path))
        #expect(address.current == "a:1")
        let none = try Arguments([], options: [])
        #expect(throws: Arguments.Problem.missing("--bootstrap")) { try BrokerAddress(none, environment: [:]) }
        #expect(try BrokerAddress(none, environment: ["KAFKA_BOOTSTRAP_SERVERS": "c:3"]).current == "c:3")
    }

    @Test("A broker that ends before a position has forgotten it: the batch is sent again, once")
    func forgotten() {
        var ledger = ReplayLedger<String>()
        let number = ledger.sent("a", rows: 1, lastRow: 1, bytes: 1)
        ledger.acknowledged(number, at: [0: 7])
        let none = ledger.forgotten(ends: [0: 8])
        let lost = ledger.forgotten(ends: [0: 2])
        let again = ledger.forgotten(ends: [0: 2])
        #expect(none.isEmpty && lost.map(\.payload) == ["a"])
        #expect(again.isEmpty, "on its way again")
        ledger.acknowledged(number, at: [0: 2])
        ledger.committed([0: 3])
        #expect(ledger.isEmpty)
    }

    @Test("Memory follows what is unconfirmed, not the stream")
    func bounded() {
        var ledger = ReplayLedger<[Int]>()
        for batch in 0..<10_000 {
            let number = ledger.sent([batch], rows: 1, lastRow: batch + 1, bytes: 1)
            ledger.acknowledged(number, at: [0: Int64(batch)])
            ledger.committed([0: Int64(batch) - 5])
            #expect(ledger.unconfirmedRows <= 8)
        }
    }
}

@Suite struct HoldingBackTests {
    @Test("Sending stops while the fullest partition is over the budget, and goes on below it")
    func budget() {
        var holding = HoldingBack(embedded: true, budget: 2_500_000)
        #expect(holding.granted > 0)
        holding.measured(outstandingPartitionBytes: 2_600_000)
        #expect(holding.granted == 0)
        holding.measured(outstandingPartitionBytes: 0)
        let all = holding.granted
        #expect(all > 1_000 && all <= 8_000)
        // Even if one key took every row, what is granted at once stays within what a partition keeps.
        #expect(all * 600 < 5_000_000)
        holding.spent(all - 10)
        #expect(holding.granted == 10)
        holding.unknown()
        #expect(holding.granted == 0)
    }

    @Test("A rate waits for its time")
    func pace() {
        let pace = Pace(rowsPerSecond: 100)
        #expect(pace.wait(sent: 100, elapsed: 1.0) == 0)
        #expect(pace.wait(sent: 150, elapsed: 1.0) == 0.5)
        #expect(Pace(rowsPerSecond: nil).wait(sent: 1_000_000, elapsed: 0) == 0)
    }
}

@Suite struct RestTests {
    private func seen(_ lag: Int64, _ outbox: Int64, _ counts: [String: Int64] = [:]) -> Rest.Observation {
        Rest.Observation(lag: lag, outboxRows: outbox, counts: counts)
    }

    private func judged(_ observations: [Rest.Observation]) -> [Bool] {
        var judge = Rest.Judge()
        return observations.map { judge.takes($0) }
    }

    @Test("Rest is nothing in flight, seen again and again with the same counts")
    func judge() {
        let still = seen(0, 0, ["a": 1])
        #expect(judged([still, still, still]) == [false, false, true])
    }

    @Test("A message, an outbox row or a count that moves begins the waiting anew")
    func restless() {
        for restless in [seen(1, 0), seen(0, 1), seen(0, 0, ["a": 2])] {
            let (before, after) = (seen(0, 0, ["a": 1]), seen(0, 0, ["a": 3]))
            #expect(judged([before, before, restless, after, after, after]).firstIndex(of: true) == 5)
        }
    }

    @Test("The status of a service is read from its JSON")
    func status() throws {
        let text = #"{"service":"intake","outbox":{"rows":3,"events":9},"counts":{"entered":12,"accepted":12}}"#
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let status = StatusClient.read(object)
        #expect(status.outboxRows == 3 && status.counts == ["entered": 12, "accepted": 12])
    }
}

@Suite struct ResumeTests {
    @Test("A replay goes on with its own file, and refuses another's state")
    func resume() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("resume-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appendingPathComponent("doses.csv").path
        let state = folder.appendingPathComponent("state").path
        try Data("a,b\n1,2\n".utf8).write(to: URL(fileURLWithPath: file))
        var resume = try ResumeState.load(state, for: file)
        #expect(resume.confirmedThrough == 0)
        resume.confirmedThrough = 7
        try resume.save(state)
        let again = try ResumeState.load(state, for: file)
        #expect(again == resume)
        try Data("a,b\n1,3\n".utf8).write(to: URL(fileURLWithPath: file))
        #expect(throws: ResumeState.Problem.self) { _ = try ResumeState.load(state, for: file) }
    }
}

@Suite struct ProgressTests {
    @Test("The line shows share, rate and time left")
    func line() {
        var state = Progress.State()
        state.rows = 5_000
        state.confirmed = 4_500
        state.fraction = 0.5
        state.seconds = 2
        #expect(state.rate == 2_500 && state.remaining == 2)
        #expect(state.line(width: 4) == "[██··] 50 % 5000 dòng/rows, 4500 đã nhận/confirmed, 2500/s, còn/ETA 00:02")
        state.fraction = nil
        #expect(state.remaining == nil)
        #expect(Progress.clock(3_725) == "1:02:05")
    }
}

@Suite struct CommandLineTests {
    @Test("generate and replay say what is missing")
    func missing() {
        #expect(DoseReplay.run([]) == 64)
        #expect(DoseReplay.run(["generate"]) == 64, "--out is missing")
        #expect(DoseReplay.run(["generate", "--seed", "x", "--out", "/tmp"]) == 64)
        #expect(DoseReplay.run(["replay"]) == 64)
        #expect(DoseReplay.run(["replay", "F", "--bootstrap", "127.0.0.1:1", "--rate", "0"]) == 64)
        #expect(DoseReplay.run(["dance"]) == 64)
    }
}
