import Cryptography
import Foundation
import RecordModel
import Storage
import Tabular
import Testing

@testable import Signing
@testable import SigningAgent

@Suite struct AgentTests {
    private func temporaryDirectory() throws -> String {
        let path = NSTemporaryDirectory() + "tiemchung-agent-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    /// A prepared turn as the service shows it.
    private func turn(_ bench: SigningBench) throws -> (manifest: [UInt8], content: [UInt8]) {
        let turn = try bench.prepare()
        let bytes = try bench.manifest(of: turn)
        let manifest = try Manifest(bytes: bytes)
        let rows = try bench.database.transaction { tx in
            try TurnPreview.rows(of: manifest, persons: 1...UInt32.max, in: tx)
        }
        var writer = CSVWriter(columns: TurnPreview.contentColumns)
        for row in rows { writer.row(TurnPreview.contentFields(row, try #require(row.record))) }
        return (bytes, writer.take())
    }

    @Test("SIG-15 the agent signs what is shown: every digest computed again from the readable fields")
    func checksContent() async throws {
        try await SigningBench.run { bench in
            try bench.takeSignable(1...4) { $0 / 2 }
            let (manifest, content) = try turn(bench)
            let summary = try TurnContentCheck.check(manifest: manifest, content: content, unitCode: "79001")
            #expect(summary == TurnSummary(persons: 3, doses: 4))
            #expect(throws: ContentMismatch.self) {
                try TurnContentCheck.check(manifest: manifest, content: content, unitCode: "79002")
            }
            for (old, new) in [("Nguyễn Văn An", "Nguyễn Văn Ân"), ("Comirnaty", "Spikevax"), ("R2", "R9")] {
                let text = String(decoding: content, as: UTF8.self).replacing(old, with: new)
                #expect(throws: ContentMismatch.self) {
                    try TurnContentCheck.check(manifest: manifest, content: Array(text.utf8), unitCode: "79001")
                }
            }
            let shorter = String(decoding: content, as: UTF8.self).split(separator: "\n").dropLast().joined(
                separator: "\n")
            #expect(throws: ContentMismatch.self) {
                try TurnContentCheck.check(manifest: manifest, content: Array(shorter.utf8), unitCode: "79001")
            }
        }
    }

    @Test("SIG-15 what the agent writes from the readable fields are the bytes that the service prepared")
    func writesManifest() async throws {
        try await SigningBench.run { bench in
            var odd = Fixture.record(5)
            odd.sourceRecordID = "a \"b\", c"
            try bench.takeSignable(1...4) { $0 / 2 }
            try bench.take([odd, Fixture.verdict(5), Fixture.link(5, person: 9)])
            let (manifest, content) = try turn(bench)
            let (bytes, summary) = try TurnContentCheck.manifest(of: content, unitCode: "79001")
            #expect(bytes == manifest)
            #expect(summary == TurnSummary(persons: 4, doses: 5))
            #expect(throws: ContentMismatch.self) {
                try TurnContentCheck.manifest(of: content, unitCode: "79002")
            }
            let other = String(decoding: content, as: UTF8.self).replacing("Comirnaty", with: "Spikevax")
            let changed = try TurnContentCheck.manifest(of: Array(other.utf8), unitCode: "79001")
            #expect(changed.bytes != manifest)
            let header = Array(content.prefix { $0 != 0x0A }) + [0x0A]
            #expect(throws: ContentMismatch.self) { try TurnContentCheck.manifest(of: header, unitCode: "79001") }
        }
    }

    @Test("SIG-16 a wrong PIN, or none, signs nothing; the right one signs")
    func pin() throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let keys = KeyDirectory(path: directory)
        let authority = try keys.authority(at: Fixture.noon)
        #expect(try keys.issue("79001", by: authority, at: Fixture.noon))
        let plain = try SigningKey(pem: String(contentsOfFile: keys.keyPath(of: "79001"), encoding: .utf8))
        let locked = directory + "/locked.pem"
        try plain.pem(passphrase: "123456").write(toFile: locked, atomically: true, encoding: .utf8)
        let certificatePath = keys.certificatePath(of: "79001")
        for pin in [nil, "", "000000"] as [String?] {
            #expect(throws: KeyProblem.self) {
                try KeyFileSigner(keyPath: locked, certificatePath: certificatePath, pin: pin)
            }
        }
        let signer = try KeyFileSigner(keyPath: locked, certificatePath: certificatePath, pin: "123456")
        let signature = try signer.signature(over: Array("x".utf8), at: Fixture.noon)
        let verified = try CMS.verify(
            signature, over: Array("x".utf8), anchors: [authority.certificate],
            at: Fixture.noon.microseconds / 1_000_000)
        #expect(verified.signer == signer.certificate)
    }

    @Test("SIG-01 the demo authority is made once, names TEST, and keeps keys to their owner")
    func demoAuthority() async throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let commands = AgentCommands(clock: ManualClock(Fixture.noon)) { _ in }
        let arguments = try AgentArguments(
            ["demo-authority", "--directory", directory, "--units", "79001,A/1"],
            environment: ["DEVELOPMENT_MODE": "true"])
        let first = try await commands.demoAuthority(arguments)
        let second = try await commands.demoAuthority(arguments)
        #expect(first.made == 2)
        #expect(second.made == 0)
        let keys = KeyDirectory(path: directory)
        #expect(keys.holdsKey(of: "A/1"))
        let trust = try Certificate(pem: String(contentsOfFile: keys.trustPath, encoding: .utf8))
        #expect(trust.subject.contains("TEST"))
        let mode =
            try FileManager.default.attributesOfItem(atPath: keys.keyPath(of: "79001"))[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test("SIG-07 a wrong command line names the option", arguments: [["sign", "--sevice", "x"], ["sign", "x"], []])
    func usage(arguments: [String]) {
        #expect(throws: UsageError.self) { try AgentArguments(arguments, environment: [:]) }
    }

    @Test("Requests that fail at once, while their group is being cancelled, all end")
    func failingTogether() async {
        // Nobody listens on port 1.
        let client = ServiceClient(service: "http://127.0.0.1:1", connections: 4)
        var unreachable = 0
        for _ in 0..<300 {
            do {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 { group.addTask { _ = try await client.signable(token: "none") } }
                    try await group.waitForAll()
                }
            } catch is ServiceUnreachable {
                unreachable += 1
            } catch {
                Issue.record("\(error)")
            }
        }
        #expect(unreachable == 300)
    }
}
