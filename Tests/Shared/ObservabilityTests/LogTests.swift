import Observability
import Synchronization
import Testing

/// Collects log lines.
private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    var sink: Log.Sink { { line in self.lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } } }
    var all: [String] { lines.withLock { $0 } }
}

private struct Patient {
    let name: PersonalData<String>
    let number: PersonalData<String>
}

private struct Refusal: Error {
    let idNumber: PersonalData<String>
}

@Suite("Log lines")
struct LogTests {
    @Test("a line is one JSON object with time, level, service, message and fields")
    func form() throws {
        let lines = Lines()
        let log = Log(service: "intake", sink: lines.sink).with("trace_id", "abc")
        log.info("batch handled", ["rows": 12, "ratio": 0.5, "topic": .string("a\"b\n\u{1}ệ"), "late": true])
        let line = try #require(lines.all.first)
        #expect(line.hasSuffix("}}\n"))
        #expect(line.hasPrefix("{\"time\":\"20"))
        #expect(
            line.contains(
                "\"level\":\"info\",\"service\":\"intake\",\"message\":\"batch handled\",\"fields\":{\"trace_id\":\"abc\","
                    + "\"rows\":12,\"ratio\":0.5,\"topic\":\"a\\\"b\\n\\u0001ệ\",\"late\":true}}"))
        #expect(line.filter { $0 == "\n" }.count == 1)
    }

    @Test("lines below the level are not made")
    func level() {
        let lines = Lines()
        let log = Log(service: "intake", level: .warning, sink: lines.sink)
        log.debug("no")
        log.info("no")
        log.warning("yes")
        log.error("yes")
        #expect(lines.all.count == 2)
    }

    @Test("an over-long text is cut between characters")
    func cut() {
        let lines = Lines()
        Log(service: "intake", sink: lines.sink).info("x", ["text": .string(String(repeating: "ệ", count: 3_000))])
        #expect(lines.all[0].utf8.count < 2_300)
        #expect(lines.all[0].contains("ệ…\""))
    }

    @Test("AUT-16 personal data never stands in a log line, whichever way it is put there")
    func canary() {
        let canary = "Nguyễn Thị Canary"
        let number = "001099012345"
        let patient = Patient(name: PersonalData(canary), number: PersonalData(number))
        let lines = Lines()
        let log = Log(service: "intake", sink: lines.sink)
        log.info("x", ["a": "\(patient.name)", "b": "\(patient)", "c": .string(String(reflecting: patient))])
        log.error("x", ["error": .error(Refusal(idNumber: PersonalData(number)))])
        log.with("d", "\([patient.number])").warning("x", ["e": "\(Optional(patient.name) as Any)"])
        var dumped = ""
        dump(patient, to: &dumped)
        for text in lines.all + [dumped] {
            #expect(!text.contains(canary))
            #expect(!text.contains(number))
        }
        #expect(lines.all.joined().contains(personalDataMask))
        #expect(patient.name.reveal() == canary)
    }
}
