import Foundation
import RecordModel
import Storage
import Tabular
import TestSupport
import Testing

@testable import IdentityMatching

private let wantedPersons = ProcessInfo.processInfo.environment["TIEMCHUNG_REGISTER_PERSONS"].flatMap { Int($0) } ?? 0

/// Loads a register of as many persons as `TIEMCHUNG_REGISTER_PERSONS` says, and prints how fast it went and how large
/// table, keys and index file are for each person.
@Suite("The register at scale", .enabled(if: wantedPersons > 0))
struct RegisterScaleTests {
    @Test("MAT-10 load, index, switch and roll back of a large register, memory bounded")
    func large() async throws {
        try await MatchingFixture.with { fixture in
            let count = wantedPersons
            try fixture.register(Rows.all)
            let path = NSTemporaryDirectory() + "tiemchung-register-\(UUID().uuidString).csv"
            try Self.write(count, to: path)
            defer { try? FileManager.default.removeItem(atPath: path) }
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            let before = Self.residentBytes
            var peak = before
            let loading = ContinuousClock.now
            let report = try fixture.loader.load(format: .csv, by: "tester") {
                peak = max(peak, Self.residentBytes)
                let part = try file.read(upToCount: 256 << 10) ?? Data()
                return part.isEmpty ? nil : Array(part)
            }
            let loadSeconds = loading.duration(to: .now) / .seconds(1)
            #expect(report.persons == Int64(count) && report.refused == 0)
            // Chunks on their way, not the file.
            #expect(peak - before < 256 << 20)
            let indexing = ContinuousClock.now
            try fixture.indexes.ensure(report.generation)
            let indexSeconds = indexing.duration(to: .now) / .seconds(1)
            let tableBytes = try fixture.number("SELECT pg_total_relation_size('register_person_\(report.generation)')")
            let names = try FileManager.default.contentsOfDirectory(atPath: fixture.directory)
            let index = try #require(
                names.first { $0.hasPrefix("register-\(report.generation)-") && $0.hasSuffix("index") })
            let indexBytes = IndexFiles.size(fixture.directory + "/" + index)
            let switching = ContinuousClock.now
            try fixture.activate(report.generation)
            let switchSeconds = switching.duration(to: .now) / .seconds(1)
            _ = try fixture.database.transaction {
                try RegisterSwitch.rollBack(from: report.generation, by: "tester", at: fixture.clock.now(), in: $0)
            }
            func each(_ bytes: Int) -> Int { bytes / count }
            print(
                """
                register of \(count) persons: load \(Int(Double(count) / loadSeconds)) persons/s, index \
                \(Int(Double(count) / indexSeconds)) persons/s, switch \(Int(switchSeconds * 1000)) ms; \
                table and keys \(each(tableBytes)) bytes each, index file \(each(indexBytes)) bytes each; \
                resident memory grew \((peak - before) >> 20) MB; at 100,000,000: \
                \(each(tableBytes) / 10) GB and \(each(indexBytes) / 10) GB, \
                \(Int(loadSeconds * 100_000_000 / Double(count) / 60)) + \
                \(Int(indexSeconds * 100_000_000 / Double(count) / 60)) minutes
                """)
        }
    }

    private static func write(_ count: Int, to path: String) throws {
        _ = FileManager.default.createFile(atPath: path, contents: Data(MatchingFixture.header.utf8))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        defer { try? file.close() }
        try file.seekToEnd()
        for first in stride(from: 1, through: count, by: 10_000) {
            let rows = (first...min(first + 9_999, count)).map(row).joined()
            try file.write(contentsOf: Data(rows.utf8))
        }
    }

    private static let surnames = ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng"]
    private static let middles = ["Văn", "Thị", "Hữu", "Ngọc", "Minh", "Thanh", "Đức", "Xuân", "Quang", "Thu"]
    private static let given = ["An", "Bình", "Chi", "Dũng", "Hà", "Hạnh", "Hòa", "Lan", "Mai", "Nam", "Phúc", "Tú"]

    /// An invented person; the same number makes the same one.
    private static func row(_ number: Int) -> String {
        var generator = SeededGenerator(seed: UInt64(number))
        let province = 1 + Int(generator.next() % 96)
        let year = 1930 + Int(generator.next() % 90)
        let isFemale = generator.next() % 2 == 0
        let century = (year >= 2000 ? 2 : 0) + (isFemale ? 1 : 0)
        // The serial keeps numbers apart: the numbers of one province, century and year are few.
        let id = String(format: "%03d%d%02d%06d", province, century, year % 100, number % 1_000_000)
        let unique = number < 1_000_000 ? id : String(format: "%012d", 200_000_000_000 + number)
        let old = generator.next() % 2 == 0 ? String(format: "%09d", number) : ""
        let name = [surnames, middles, given].map { $0[Int(generator.next() % UInt64($0.count))] }.joined(
            separator: " ")
        let month = 1 + Int(generator.next() % 12)
        let day = 1 + Int(generator.next() % 28)
        let date = String(format: "%04d-%02d-%02d", year, month, day)
        return "\(unique),\(old),\(name),\(isFemale ? "F" : "M"),\(date),\(10_000 + number % 11_000)\n"
    }

    /// What of this process is in memory.
    private static var residentBytes: Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }
}
