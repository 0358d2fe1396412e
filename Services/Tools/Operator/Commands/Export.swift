/// `operator export …`: the files of formats.md, streamed from the services.
import Foundation
import Observability
import Tabular
import ToolArguments
import Web

enum Export {
    static let command = Operator.Command(
        name: "export",
        usage: """
              export verdicts|findings|passports|revocations|tasks|units --out F|-
              export trust|manifests --out DIR   xuất dữ liệu / exports of formats.md
            """,
        options: ["--out"]
    ) { arguments, stack in
        guard let name = arguments.positional.first else {
            throw Arguments.Problem.missing(names.joined(separator: " | "))
        }
        if arguments.positional.count > 1 { throw Arguments.Problem.unexpected(arguments.positional[1]) }
        let out = try arguments.required("--out")
        switch name {
        case "trust": try trust(to: out, stack)
        case "manifests": try manifests(to: out, stack)
        default:
            guard let source = table[name] else { throw Arguments.Problem.unexpected(name) }
            try file(source, to: out, stack)
        }
        return 0
    }

    /// Where an export of one file comes from, and who may ask for it.
    struct Source {
        let service: String
        let path: String
        var role: Role = .operator
    }

    static let table: [String: Source] = [
        "verdicts": Source(service: "identity-matching", path: "/v1/exports/verdicts"),
        // What the register says is for the police side only (AUT-17).
        "findings": Source(service: "identity-matching", path: "/v1/exports/findings", role: .nationalPolice),
        "passports": Source(service: "passport-issuance", path: "/v1/exports/passports"),
        "revocations": Source(service: "passport-issuance", path: "/v1/exports/revocations"),
        "tasks": Source(service: "correction-tasks", path: "/v1/exports/tasks"),
        "units": Source(service: "intake", path: "/v1/units"),
    ]

    static var names: [String] { table.keys.sorted() + ["trust", "manifests"] }

    private static func file(_ source: Source, to path: String, _ stack: Stack) throws {
        let sink = FileSink(path)
        try stack.client(of: source.service, as: source.role, unit: source.role == .operator ? "CNTT" : "BCA")
            .download(source.path, into: sink)
        try sink.finish()
    }

    private static func directory(_ path: String) throws {
        guard path != "-" else { throw Arguments.Problem.unexpected("--out -") }
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch { throw OutputUnwritable(path: path) }
    }

    private static func write(_ bytes: Data, to path: String) throws {
        do { try bytes.write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
            throw OutputUnwritable(path: path)
        }
    }

    /// The certificates by which a verifier trusts passports: `<kid>.pem` each.
    private static func trust(to path: String, _ stack: Stack) throws {
        let answer = try stack.client(of: "passport-issuance").ask("GET", "/v1/exports/trust")
        try directory(path)
        for (kid, pem) in answer.object {
            guard let pem = pem as? String, kid.allSatisfy({ $0.isHexDigit }) else { continue }
            try write(Data(pem.utf8), to: "\(path)/\(kid).pem")
        }
    }

    /// `trust.pem`, `turns.csv`, and manifest and signature of each turn.
    private static func manifests(to path: String, _ stack: Stack) throws {
        let client = try stack.client(of: "signing")
        try directory(path)
        try write(try client.ask("GET", "/v1/exports/trust").body, to: path + "/trust.pem")
        let turns = try client.ask("GET", "/v1/exports/turns").body
        var reader = CSVReader()
        reader.feed([UInt8](turns))
        reader.finish()
        while let next = reader.next() {
            let turn = try next.get()["turn_id"]
            for ending in ["manifest", "p7s"] {
                let sink = FileSink("\(path)/\(turn).\(ending)")
                try client.download("/v1/exports/turns/\(segment(turn)).\(ending)", into: sink)
                try sink.finish()
            }
        }
        // Last: a turn that it names has its two files.
        try write(turns, to: path + "/turns.csv")
    }
}
