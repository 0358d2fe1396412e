import Messaging
import RecordModel
import Storage
import TestSupport
import Testing

@testable import PassportIssuance

/// Facts in every order, split over batches in every way, and at two instances at once.
@Suite struct FactOrderTests {
    func withIssuance(lanes: Int = 1, _ body: (TestIssuance) throws -> Void) throws {
        try TestPostgres.shared().withDatabase(migrations: TestIssuance.migrations) { (database: Database) throws in
            try body(try TestIssuance(database, chunkSize: 50, lanes: lanes))
        }
    }

    /// A dose that is signed, then found to be another person's, whose passport was issued to the first.
    func moved(_ record: DoseRecord, _ one: PersonKey, _ other: PersonKey) -> [InboundMessage] {
        [
            Sample.message(record), Sample.message(Sample.verdict(record, assessment: 2)),
            Sample.message(Sample.attested(record)), Sample.message(Sample.link(record, one)),
            Sample.message(Sample.link(record, assessment: 2, other)),
        ]
    }

    @Test("PAS-01 five facts, two of them links, in all 120 orders, cut into two batches anywhere: the later person's")
    func everyOrderEveryCut() throws {
        try withIssuance { (issuance: TestIssuance) throws in
            var number: UInt64 = 0
            for cut in 0...5 {
                for order in permutations([0, 1, 2, 3, 4]) {
                    let messages = moved(
                        Sample.record(number), Sample.person(2 * number), Sample.person(2 * number + 1))
                    let arranged = order.map { messages[$0] }
                    for part in [arranged.prefix(cut), arranged.dropFirst(cut)] where !part.isEmpty {
                        try issuance.take(Array(part))
                    }
                    number += 1
                }
            }
            try issuance.run()
            let passports = try issuance.passports()
            #expect(passports.count == Int(number))
            #expect(passports.allSatisfy { $0.person.low % 2 == 1 && $0.status == .valid })
            #expect(try issuance.waiting() == 0)
        }
    }

    @Test("a run between any two facts, in all orders: the same passports in the end")
    func runsBetween() throws {
        try withIssuance { (issuance: TestIssuance) throws in
            let orders = permutations([0, 1, 2, 3, 4])
            for step in 0..<5 {
                var batch: [InboundMessage] = []
                for (index, order) in orders.enumerated() {
                    let number = UInt64(index)
                    let messages = moved(
                        Sample.record(number), Sample.person(2 * number), Sample.person(2 * number + 1))
                    batch.append(messages[order[step]])
                }
                try issuance.take(batch)
                try issuance.run()
            }
            let valid = try issuance.passports().filter { $0.status == .valid }
            #expect(valid.count == orders.count)
            #expect(valid.allSatisfy { $0.person.low % 2 == 1 })
            let revoked = try issuance.passports().filter { $0.status != .valid }
            #expect(revoked.allSatisfy { $0.status == .revoked && $0.reason == "another-person" })
            // Whoever had been linked and attested before the move had a passport.
            #expect(!revoked.isEmpty && revoked.allSatisfy { $0.person.low % 2 == 0 })
        }
    }

    @Test("a dose that moves twice between two runs: both persons whom it left are looked at")
    func movedTwice() throws {
        try withIssuance { (issuance: TestIssuance) throws in
            let record = Sample.record(1)
            try issuance.take(Sample.complete(record, Sample.person(1)))
            try issuance.run()
            try issuance.take([Sample.message(Sample.link(record, assessment: 2, Sample.person(2)))])
            try issuance.take([Sample.message(Sample.link(record, assessment: 3, nil))])
            try issuance.take([
                Sample.message(Sample.verdict(record, assessment: 4)),
                Sample.message(Sample.link(record, assessment: 4, Sample.person(3))),
            ])
            #expect(try issuance.waiting() == 3)
            try issuance.run()
            #expect(try issuance.passports(of: Sample.person(1)).map(\.status) == [.revoked])
            #expect(try issuance.passports(of: Sample.person(2)).isEmpty)
            #expect(try issuance.passports(of: Sample.person(3)).map(\.status) == [.valid])
        }
    }

    @Test("only doses that were ever attested mark persons; a late attestation does")
    func marks() throws {
        try withIssuance { (issuance: TestIssuance) throws in
            let record = Sample.record(1)
            let all = Sample.complete(record, Sample.person(1))
            try issuance.take(Array(all.prefix(3)))
            try issuance.take([
                Sample.message(Sample.record(1, version: 2, phone: "1")),
                Sample.message(Sample.verdict(record, assessment: 2)),
                Sample.message(Sample.link(record, assessment: 2, Sample.person(2))),
            ])
            #expect(try issuance.waiting() == 0)
            try issuance.run()
            #expect(try issuance.passports().isEmpty)
            try issuance.take([all[3]])
            #expect(try issuance.waiting() == 2)
            try issuance.run()
            #expect(try issuance.passports().map(\.person) == [Sample.person(2)])
            // Stale since: still a dose that was attested, and its person is looked at.
            try issuance.take([Sample.message(Sample.attested(record, revision: 2, .stale))])
            try issuance.run()
            try issuance.take([Sample.message(Sample.verdict(record, assessment: 3))])
            #expect(try issuance.waiting() > 0)
        }
    }

    @Test("versions in all orders and batches: hashes of earlier ones are kept once")
    func earlierVersions() throws {
        try withIssuance { (issuance: TestIssuance) throws in
            let versions = [
                Sample.record(1), Sample.record(1, version: 2, lot: "L2"), Sample.record(1, version: 3),
            ]
            for order in permutations([0, 1, 2]) {
                for cut in 0...3 {
                    try issuance.database.withConnection { try $0.script("TRUNCATE record") }
                    let messages = order.map { Sample.message(versions[$0]) }
                    for part in [messages.prefix(cut), messages.dropFirst(cut)] where !part.isEmpty {
                        try issuance.take(Array(part))
                    }
                    func stored() throws -> (DoseFacts, Int64) {
                        try issuance.database.transaction { tx in
                            let facts = try tx.run(DosesByID(doseIDs: [Sample.dose(1)]))[0]
                            let length = try tx.query("SELECT length(earlier)::int8 FROM record") { $0.int8(0) }[0]
                            return (facts, length)
                        }
                    }
                    let (facts, _) = try stored()
                    #expect(facts.record?.version == 3)
                    #expect(facts.earlier.keys.sorted() == [1, 2])
                    #expect(facts.earlier == Sample.facts(versions.map { Sample.message($0) }).earlier)
                    // Told again, together and one by one: nothing is added any more after the first time.
                    try issuance.take(messages)
                    let length = try stored().1
                    try issuance.take(messages)
                    for message in messages { try issuance.take([message]) }
                    #expect(try stored().1 == length)
                }
            }
        }
    }

    @Test("attestation and link at two instances at once, both orders: the later one waits, and the person is marked")
    func attestationMeetsLink() throws {
        for linkFirst in [true, false] {
            for wasLinked in [true, false] {
                try TestPostgres.shared().withDatabase(migrations: TestIssuance.migrations) {
                    (database: Database) throws in
                    let issuance = try TestIssuance(database)
                    let record = Sample.record(1)
                    try issuance.take([Sample.message(record), Sample.message(Sample.verdict(record))])
                    if wasLinked { try issuance.take([Sample.message(Sample.link(record, Sample.person(1)))]) }
                    let link = Sample.message(Sample.link(record, assessment: 2, Sample.person(2)))
                    let attested = Sample.message(Sample.attested(record))
                    let (first, second) = linkFirst ? (link, attested) : (attested, link)
                    let handler = FactHandler(clock: issuance.clock)
                    let late = try database.transaction { tx in
                        #expect(try handler.handle([first], in: tx).isEmpty)
                        let late = Background { try issuance.take([second]) }
                        try issuance.untilSomebodyWaits()
                        return late
                    }
                    try late.end()
                    try issuance.run()
                    #expect(try issuance.passports().map(\.person) == [Sample.person(2)])
                    #expect(try issuance.passports().map(\.status) == [.valid])
                }
            }
        }
    }

    @Test("a run waits for whoever is writing facts, and sees them")
    func runMeetsFacts() throws {
        try TestPostgres.shared().withDatabase(migrations: TestIssuance.migrations) {
            (database: Database) throws in
            let issuance = try TestIssuance(database)
            let record = Sample.record(1)
            let all = Sample.complete(record, Sample.person(1))
            try issuance.take(Array(all.prefix(3)))
            let withdrawn = Sample.message(Sample.record(1, version: 2, status: .withdrawn))
            let handler = FactHandler(clock: issuance.clock)
            // The record's change does not see the attestation and marks nobody; the attestation marks.
            let run = try database.transaction { tx in
                #expect(try handler.handle([withdrawn], in: tx).isEmpty)
                try issuance.take([all[3]])
                #expect(try issuance.waiting() == 1)
                let run = Background { try issuance.run() }
                try issuance.untilSomebodyWaits()
                return run
            }
            try run.end()
            #expect(try issuance.passports().isEmpty)
            #expect(try issuance.waiting() == 0)
        }
    }

    @Test("two instances with everything in opposite orders, while runs go on: the same passports as one alone")
    func twoInstancesAndRuns() throws {
        try TestPostgres.shared().withDatabase(migrations: TestIssuance.migrations) {
            (database: Database) throws in
            let issuance = try TestIssuance(database, chunkSize: 7, lanes: 2)
            let records = (0..<90 as Range<UInt64>).map { Sample.record($0) }
            // A third of the doses moves to another person; both links are told.
            let facts = records.flatMap { record -> [InboundMessage] in
                let number = record.doseID.low
                return Sample.complete(record, Sample.spread(number))
                    + (number % 3 == 0
                        ? [
                            Sample.message(Sample.verdict(record, assessment: 2)),
                            Sample.message(Sample.link(record, assessment: 2, Sample.spread(1000 + number))),
                        ] : [])
            }
            let takers = [facts, facts.reversed()].map { messages in
                Background {
                    for start in stride(from: 0, to: messages.count, by: 17) {
                        try issuance.take(Array(messages[start..<min(start + 17, messages.count)]))
                    }
                }
            }
            for _ in 0..<5 { try issuance.run() }
            for taker in takers { try taker.end() }
            try issuance.run()
            #expect(try issuance.waiting() == 0)
            let valid = try issuance.passports().filter { $0.status == .valid }
            let expected = records.map { record in
                let number = record.doseID.low
                return Sample.spread(number % 3 == 0 ? 1000 + number : number)
            }
            #expect(valid.map(\.person).sorted() == expected.sorted())
            #expect(Set(valid.map(\.doseID)).count == 90)
        }
    }
}
