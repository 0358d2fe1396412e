import Cryptography
import Messaging
import RecordModel
import ServiceRuntime
import Storage
import TestSupport
import Testing

@testable import PassportIssuance

@Suite struct IssuanceDatabaseTests {
    func withIssuance(chunkSize: Int = 1000, _ body: (TestIssuance) throws -> Void) throws {
        try TestPostgres.shared().withDatabase(migrations: TestIssuance.migrations) { (database: Database) throws in
            try body(try TestIssuance(database, chunkSize: chunkSize))
        }
    }

    @Test("PAS-01 PAS-03 all orders of arrival, one message a batch: the same passport")
    func allOrders() throws {
        try withIssuance { (issuance: TestIssuance) throws in
            for (index, order) in permutations([0, 1, 2, 3]).enumerated() {
                let record = Sample.record(UInt64(index))
                let messages = Sample.complete(record, Sample.person(UInt64(index)))
                for place in order { try issuance.take([messages[place]]) }
            }
            try issuance.run()
            let passports = try issuance.passports()
            #expect(passports.count == 24)
            #expect(passports.allSatisfy { $0.status == .valid })
            #expect(try issuance.claims().count == 24)
            #expect(try issuance.emitted() == 24)
        }
    }

    @Test("a replay of everything changes nothing and emits nothing")
    func replay() throws {
        try withIssuance { (issuance: TestIssuance) throws in
            let first = Sample.record(1)
            let second = Sample.record(2, dose: 2, on: "2022-02-10")
            let amended = Sample.record(2, version: 2, dose: 2, on: "2022-02-10", phone: "1")
            var messages = Sample.complete(first, Sample.person(1)) + Sample.complete(second, Sample.person(1))
            messages += [amended].flatMap {
                [
                    Sample.message($0), Sample.message(Sample.verdict($0)),
                    Sample.message(Sample.link($0, Sample.person(1))),
                ]
            }
            try issuance.take(messages)
            try issuance.run()
            let passports = try issuance.passports().map(\.certificate)
            let emitted = try issuance.emitted()
            #expect(passports.count == 1)
            try issuance.take(messages)
            for message in messages.reversed() { try issuance.take([message]) }
            try issuance.database.transaction { tx in
                let waiting = try RunRoutes.waiting(in: tx)
                #expect(waiting == 0)
            }
            try issuance.run()
            #expect(try issuance.passports().map(\.certificate) == passports)
            #expect(try issuance.emitted() == emitted)
        }
    }

    @Test("nothing is issued outside runs; a second run issues nothing again")
    func onlyInRuns() throws {
        try withIssuance { (issuance: TestIssuance) throws in
            try issuance.take(Sample.complete(Sample.record(1), Sample.person(1)))
            #expect(try issuance.passports().isEmpty)
            #expect(try issuance.why(Sample.record(1))?.step == .issuance)
            try issuance.run()
            try issuance.run()
            #expect(try issuance.passports().count == 1)
            #expect(try issuance.emitted() == 1)
            #expect(try issuance.why(Sample.record(1))?.blocked == false)
        }
    }

    @Test("a run that was killed in the middle goes on and issues nothing twice")
    func killed() throws {
        try withIssuance(chunkSize: 3) { (issuance: TestIssuance) throws in
            for number in 0..<10 as Range<UInt64> {
                try issuance.take(Sample.complete(Sample.record(number), Sample.person(number)))
            }
            try issuance.open()
            // Two chunks are committed; the third is done and lost before its commit.
            for _ in 0..<2 { _ = try issuance.database.transaction { tx in try issuance.chunk.run(in: tx) } }
            struct Killed: Error {}
            #expect(throws: Killed.self) {
                try issuance.database.transaction { tx in
                    _ = try issuance.chunk.run(in: tx)
                    throw Killed()
                }
            }
            #expect(try issuance.passports().count == 6)
            // Asking again gives the run that is open, and the worker goes on with it.
            try issuance.run()
            let passports = try issuance.passports()
            #expect(passports.count == 10)
            #expect(Set(passports.map(\.person)).count == 10)
            #expect(try issuance.emitted() == 10)
            let runs = try issuance.database.withConnection { session in
                try session.query("SELECT count(DISTINCT run_id), sum(issued)::int8 FROM run_lane") {
                    ($0.int8(0), $0.int8(1))
                }[0]
            }
            #expect(runs.0 == 1)
            #expect(runs.1 == 10)
        }
    }

    @Test("one run at a time: a second worker leaves it alone")
    func oneWorker() throws {
        try withIssuance { (issuance: TestIssuance) throws in
            try issuance.take(Sample.complete(Sample.record(1), Sample.person(1)))
            try issuance.open()
            let other = issuance.runs
            let (first, second) = try issuance.database.transaction { tx in
                (try other.open(by: "a", in: tx), try other.open(by: "b", in: tx))
            }
            #expect(first.run.id == second.run.id)
            #expect(!first.isNew && !second.isNew)
        }
    }

    @Test("a newer dose, a correction, another person: superseded, revoked, in the exports")
    func life() throws {
        try withIssuance { (issuance: TestIssuance) throws in
            let first = Sample.record(1)
            try issuance.take(Sample.complete(first, Sample.person(1)))
            try issuance.run()
            issuance.clock.advance(seconds: 86_400)
            let second = Sample.record(2, dose: 2, on: "2022-02-10")
            try issuance.take(Sample.complete(second, Sample.person(1)))
            try issuance.run()
            #expect(try issuance.passports().map(\.status) == [.superseded, .valid])
            let (superseded, valid) = (try issuance.passports()[0], try issuance.passports()[1])
            #expect(superseded.supersededBy == valid.certificate)
            #expect(superseded.revision == 2)
            // The first dose turns out to be another person's.
            issuance.clock.advance(seconds: 86_400)
            try issuance.take([
                Sample.message(Sample.verdict(first, assessment: 2)),
                Sample.message(Sample.link(first, assessment: 2, Sample.person(2))),
            ])
            try issuance.run()
            let statuses = try issuance.passports(of: Sample.person(1)).map(\.status)
            #expect(statuses == [.revoked, .valid])
            #expect(try issuance.passports(of: Sample.person(2)).map(\.status) == [.valid])
            let counts = try issuance.database.transaction { tx in try IssuanceCounts.read(in: tx) }
            #expect(counts.first { $0.0 == "passports" }?.1 == 2)
            #expect(counts.first { $0.0 == "superseded" }?.1 == 0)
            #expect(counts.first { $0.0 == "revoked" }?.1 == 1)
            let rows = try issuance.database.transaction { tx in try tx.run(RevokedPassports()) }
            let list = RevocationList(RevocationExport.batches(of: rows))
            let verifier = PassportVerifier(trusted: [issuance.signer.signer.certificate], revocations: list)
            let seconds = issuance.clock.now().microseconds / 1_000_000
            let revoked = try issuance.passports().filter { $0.status == .revoked }
            #expect(throws: PassportRejection.self) { try verifier.verify(revoked[0].hc1, at: seconds) }
            let stands = try verifier.verify(valid.hc1, at: seconds)
            #expect(stands.content.doseNumber == 2)
        }
    }

    @Test("PAS-06 contradicting doses: no passport, and why says so")
    func contradiction() throws {
        try withIssuance { (issuance: TestIssuance) throws in
            let one = Sample.record(1)
            let two = Sample.record(2, on: "2022-03-10")
            try issuance.take(Sample.complete(one, Sample.person(1)) + Sample.complete(two, Sample.person(1)))
            try issuance.run()
            #expect(try issuance.passports().isEmpty)
            let why = try #require(try issuance.why(two))
            #expect(why.blocked && why.step == .issuance && why.english.hasPrefix("Contradiction"))
            #expect(why.unitCode == two.facilityCode)
        }
    }

    @Test("two instances at once: the same outcome")
    func twoInstances() throws {
        try TestPostgres.shared().withDatabase(migrations: TestIssuance.migrations) {
            (database: Database) throws in
            let issuance = try TestIssuance(database, chunkSize: 7)
            let records = (0..<60 as Range<UInt64>).map { Sample.record($0) }
            let takers = (0..<4).map { kind in
                Background {
                    let order = kind % 2 == 0 ? records : records.reversed()
                    let messages = order.map { Sample.complete($0, Sample.person($0.doseID.low / 2))[kind] }
                    for start in stride(from: 0, to: messages.count, by: 20) {
                        try issuance.take(Array(messages[start..<start + 20]))
                    }
                }
            }
            for taker in takers { try taker.end() }
            try issuance.run()
            // Two first doses of one person contradict each other; every person must have been seen whole.
            let states = try database.withConnection { session in
                try session.query("SELECT state, count(*) FROM blocked_person GROUP BY state") {
                    ($0.int4(0), $0.int8(1))
                }
            }
            #expect(states.count == 1)
            #expect(states.first?.0 == LineState.contradiction.rawValue)
            #expect(states.first?.1 == 30)
        }
    }

    @Test("announce tells the present state with the ids and revisions it has")
    func announce() throws {
        try withIssuance { (issuance: TestIssuance) throws in
            for number in 0..<5 as Range<UInt64> {
                try issuance.take(Sample.complete(Sample.record(number), Sample.person(number)))
            }
            try issuance.run()
            let (last, count) = try issuance.database.transaction { tx in
                try Announcement.emit(after: CertificateNumber(high: 0, low: 0), in: tx)
            }
            #expect(count == 5)
            #expect(try issuance.emitted() == 10)
            #expect(try issuance.passports().map(\.certificate).max() == last)
            #expect(try issuance.passports().allSatisfy { $0.revision == 1 })
        }
    }

    @Test("facts dropped and told again: the same passports, nothing new")
    func rebuilt() throws {
        try withIssuance { (issuance: TestIssuance) throws in
            let first = Sample.record(1)
            let second = Sample.record(2, dose: 2, on: "2022-02-10")
            let all = Sample.complete(first, Sample.person(1)) + Sample.complete(second, Sample.person(1))
            try issuance.take(all)
            try issuance.run()
            let before = try issuance.passports().map(\.certificate)
            try issuance.database.withConnection {
                try $0.script("TRUNCATE record, dose, marked_person, blocked_person")
            }
            // A run in the middle of the rebuilding concludes nothing from what is missing.
            try issuance.take(Array(all.prefix(4)) + [all[7]])
            try issuance.run()
            #expect(try issuance.passports().map(\.certificate) == before)
            try issuance.take(all)
            try issuance.run()
            #expect(try issuance.passports().map(\.certificate) == before)
            #expect(try issuance.passports().map(\.status) == [.valid])
        }
    }

    @Test("what cannot be read is rejected with message, field and rule; the rest is taken")
    func rejected() throws {
        try withIssuance { (issuance: TestIssuance) throws in
            var messages = Sample.complete(Sample.record(1), Sample.person(1))
            let record = messages[0]
            messages.insert(
                InboundMessage(
                    topic: record.topic, partition: 0, offset: 9, key: record.key,
                    value: Array(record.value.dropLast(3)), eventType: record.eventType, timestamp: Sample.now), at: 2)
            let handler = FactHandler(clock: issuance.clock)
            let rejections = try issuance.database.transaction { tx in try handler.handle(messages, in: tx) }
            #expect(rejections.map(\.index) == [2])
            try issuance.run()
            #expect(try issuance.passports().count == 1)
        }
    }

    @Test("PAS-03 signed content that changed since is in no passport, whatever order the versions came in")
    func changedSinceSigning() throws {
        for order in permutations([0, 1, 2]) {
            try withIssuance { (issuance: TestIssuance) throws in
                let signed = Sample.record(1)
                let changed = Sample.record(1, version: 2, lot: "L2")
                let attested = Sample.message(Sample.attested(signed))
                let facts = [Sample.message(signed), Sample.message(changed), attested]
                try issuance.take([
                    Sample.message(Sample.verdict(changed)), Sample.message(Sample.link(changed, Sample.person(1))),
                ])
                for place in order { try issuance.take([facts[place]]) }
                try issuance.run()
                #expect(try issuance.passports().isEmpty)
                #expect(try issuance.why(signed)?.step == .signing)
                try issuance.take([Sample.message(Sample.attested(changed, revision: 2))])
                try issuance.run()
                #expect(try issuance.passports().count == 1)
            }
        }
    }

    @Test("a thousand persons in one chunk, within an event's limit")
    func thousand() throws {
        try withIssuance { (issuance: TestIssuance) throws in
            var messages: [InboundMessage] = []
            for number in 0..<1000 as Range<UInt64> {
                messages += Sample.complete(Sample.record(number), Sample.person(number))
            }
            try issuance.take(messages)
            try issuance.run()
            #expect(try issuance.passports().count == 1000)
            #expect(Set(try issuance.passports().map(\.certificate)).count == 1000)
        }
    }

    @Test("a fact that comes while a run looks at its person waits, and is for the next run")
    func factDuringRun() throws {
        try TestPostgres.shared().withDatabase(migrations: TestIssuance.migrations) {
            (database: Database) throws in
            let issuance = try TestIssuance(database)
            let record = Sample.record(1)
            try issuance.take(Sample.complete(record, Sample.person(1)))
            try issuance.open()
            let withdrawn = Sample.message(Sample.record(1, version: 2, status: .withdrawn))
            let late = try database.transaction { tx in
                _ = try issuance.chunk.run(in: tx)
                let late = Background { try issuance.take([withdrawn]) }
                try issuance.untilSomebodyWaits()
                return late
            }
            try late.end()
            #expect(try issuance.passports().map(\.status) == [.valid])
            _ = try issuance.runs.workOff(until: StopSignal())
            try issuance.run()
            #expect(try issuance.passports().map(\.status) == [.revoked])
            #expect(try issuance.passports().map(\.reason) == ["record-withdrawn"])
        }
    }
}
