import Foundation
import RecordModel
import Testing
import Web

@testable import ServiceRuntime

@Suite("Documents")
struct DocumentTests {
    @Test("the committed AsyncAPI document is the one of the declared topics")
    func asyncAPI() throws {
        let committed = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Shared/Contracts/asyncapi.yaml")
        let current = AsyncAPI.document(version: AsyncAPI.contractVersion).yaml
        if ProcessInfo.processInfo.environment["TIEMCHUNG_WRITE_DOCUMENTS"] == "1" {
            try current.write(to: committed, atomically: true, encoding: .utf8)
        }
        #expect(
            try String(contentsOf: committed, encoding: .utf8) == current,
            "run this test with TIEMCHUNG_WRITE_DOCUMENTS=1 to write Shared/Contracts/asyncapi.yaml anew")
    }

    @Test("every topic has a channel, a message, and an operation for each writer and reader")
    func complete() {
        let yaml = AsyncAPI.document(version: "1").yaml
        for topic in Topic.all {
            #expect(yaml.contains("address: \"\(topic.name)\""))
            for writer in topic.writers { #expect(yaml.contains("\(writer).send.\(topic.name):")) }
            for reader in topic.readers { #expect(yaml.contains("\(reader).receive.\(topic.name):")) }
        }
    }
}
