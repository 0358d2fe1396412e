import Testing
import ToolArguments

@testable import Operator

@Suite struct ArgumentTests {
    @Test("Options, flags and what stands alone are told apart")
    func parsed() throws {
        let arguments = try Arguments(
            ["verdicts", "--out", "F.csv", "--json", "--service=intake"], options: ["--out", "--service"],
            flags: ["--json"])
        #expect(arguments.positional == ["verdicts"])
        #expect(arguments.values == ["--out": "F.csv", "--service": "intake"])
        #expect(arguments.flags == ["--json"])
    }

    @Test("What is wrong with a command line is named")
    func refused() {
        #expect(throws: Arguments.Problem.unknown("--nope")) {
            _ = try Arguments(["--nope"], options: [])
        }
        #expect(throws: Arguments.Problem.valueMissing("--out")) {
            _ = try Arguments(["--out"], options: ["--out"])
        }
        #expect(throws: Arguments.Problem.notANumber(option: "--id", value: "x")) {
            _ = try Arguments(["--id", "x"], options: ["--id"]).count("--id")
        }
        #expect(throws: Arguments.Problem.missing("--out")) {
            _ = try Arguments([], options: ["--out"]).required("--out")
        }
    }

    @Test("A life of a token is seconds, or a number with a unit")
    func lifetimes() throws {
        let seconds = try Token.lifetime("90")
        let minutes = try Token.lifetime("15m")
        let hours = try Token.lifetime("8h")
        #expect(seconds == 90 && minutes == 900 && hours == 28_800)
        #expect(throws: Arguments.Problem.self) { _ = try Token.lifetime("soon") }
        #expect(throws: Arguments.Problem.self) { _ = try Token.lifetime("-5") }
    }

    @Test("Exit codes: 64 the command line, 66 a file, 77 no right, 69 a service that cannot be reached")
    func exitCodes() {
        func refusal(_ status: Int) -> ServiceRefusal {
            ServiceRefusal(
                service: "intake", status: status, type: "", title: "", titleEnglish: "", detail: "", fields: [])
        }
        #expect(Operator.status(of: Arguments.Problem.missing("x")) == 64)
        #expect(Operator.status(of: InputUnreadable(path: "x")) == 66)
        #expect(Operator.status(of: ServiceUnreachable(service: "", address: "", reason: "")) == 69)
        #expect(Operator.status(of: refusal(503)) == 69)
        #expect(Operator.status(of: refusal(403)) == 77)
        #expect(Operator.status(of: refusal(422)) == 1)
        #expect(Operator.run(["no-such-command"], environment: [:]) == 64)
        #expect(Operator.run(["export", "nonsense", "--out", "-"], environment: [:]) == 64)
        #expect(Operator.run(["token", "--role", "operator"], environment: [:]) == 1)
    }

    @Test("Instances belong to services")
    func instances() throws {
        #expect(Stack.service(of: "intake-2") == "intake")
        #expect(Stack.service(of: "identity-matching") == "identity-matching")
        let arguments = try Arguments(
            ["--services", "intake=http://a:1/,intake-2=http://a:2"], options: ["--services"])
        let stack = try Stack(arguments, environment: [:])
        #expect(stack.instances(of: "intake").map(\.url) == ["http://a:1", "http://a:2"])
        #expect(throws: Stack.Problem.self) { _ = try stack.client(of: "signing") }
        let bad = try Arguments(["--services", "intake"], options: ["--services"])
        #expect(throws: Arguments.Problem.self) { _ = try Stack(bad, environment: [:]) }
    }

    @Test("Path segments keep nothing that could mean something in a path")
    func segments() {
        #expect(segment("TYT-001/a b?c") == "TYT-001%2Fa%20b%3Fc")
        #expect(segment("Mũi") == "M%C5%A9i")
    }
}
