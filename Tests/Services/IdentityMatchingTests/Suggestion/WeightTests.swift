import Foundation
import Testing

@testable import IdentityMatching

@Suite("Weights")
struct WeightTests {
    @Test("the shipped table is whole, and nearer groups of levels weigh more")
    func shipped() {
        let table = WeightTable.standard
        #expect(!table.estimated.isEmpty)
        let weights = Weights(table, persons: 1_000_000, density: .none)
        func name(_ level: NameAgreement) -> Double { weights.name[Int(level.rawValue)] }
        func number(_ level: NumberAgreement) -> Double { weights.number[Int(level.rawValue)] }
        func date(_ level: DateAgreement) -> Double { weights.date[Int(level.rawValue)] }
        #expect(name(.same) > name(.oneEdit) && name(.oneEdit) > name(.givenDiffers))
        #expect(name(.givenDiffers) > name(.different) && name(.different) < 0 && name(.absent) == 0)
        #expect(number(.same) > number(.twoDigits) && number(.oneDigit) > number(.twoDigits))
        #expect(number(.twoDigits) > number(.different) && number(.ofOther) < number(.different))
        #expect(date(.same) > date(.twoParts) && date(.swapped) > date(.sameYear) && date(.sameYear) > date(.different))
        #expect(weights.sex[0] > 0 && weights.sex[1] < 0 && weights.sex[2] == 0)
        #expect(weights.prior < -19)
    }

    @Test("a table goes out and comes in; one that lacks a level or has no probability is refused by name")
    func tables() throws {
        let json = try WeightTable.standard.json()
        #expect(try WeightTable(json: json).json() == json)
        var table = WeightTable.standard
        table.name.removeAll { $0.level == "oneEdit" }
        let lacking = #expect(throws: WeightTable.Unusable.self) { try WeightTable(json: try table.json()) }
        #expect(try #require(lacking).description.contains("oneEdit"))
        table = .standard
        table.sex[0].m = 0
        #expect(throws: WeightTable.Unusable.self) { try WeightTable(json: try table.json()) }
        #expect(throws: WeightTable.Unusable.self) { try WeightTable(json: Array("{".utf8)) }
    }

    @Test("rare values weigh more than common ones")
    func frequencies() {
        #expect(Weights.adjustment(mean: 0.001, frequency: 0.0001) > 3)
        #expect(Weights.adjustment(mean: 0.001, frequency: 0.01) < -3)
        #expect(Weights.adjustment(mean: 0.001, frequency: 0.001) == 0)
    }

    @Test("expectation maximisation finds the probabilities that made the data")
    func estimation() {
        var random = SeededGenerator(seed: 21)
        func draw<Level: CaseIterable>(_ shares: [(Level, Double)]) -> Level {
            var left = Double.random(in: 0..<1, using: &random)
            for (level, share) in shares {
                left -= share
                if left < 0 { return level }
            }
            return shares[shares.count - 1].0
        }
        let own = (
            name: [(NameAgreement.same, 0.7), (.diacriticsDiffer, 0.2), (.different, 0.1)],
            number: [(NumberAgreement.same, 0.5), (.oneDigit, 0.3), (.ofOther, 0.2)],
            date: [(DateAgreement.same, 0.8), (.swapped, 0.1), (.different, 0.1)],
            sex: [(SexAgreement.same, 0.95), (.differs, 0.05)]
        )
        let other = (
            name: [(NameAgreement.same, 0.02), (.diacriticsDiffer, 0.01), (.different, 0.97)],
            date: [(DateAgreement.same, 0.02), (.swapped, 0.01), (.different, 0.97)],
            sex: [(SexAgreement.same, 0.5), (.differs, 0.5)]
        )
        // Every record with every person of a register of twenty; one record in ten is of nobody there.
        let records = (0..<10_000).map { _ -> [LevelVector] in
            let isRegistered = Double.random(in: 0..<1, using: &random) < 0.9
            let persons = (0..<20).map { person in
                person == 0 && isRegistered
                    ? LevelVector(
                        name: draw(own.name), number: draw(own.number), date: draw(own.date), sex: draw(own.sex))
                    : LevelVector(
                        name: draw(other.name), number: .ofOther, date: draw(other.date), sex: draw(other.sex))
            }
            return persons
        }
        var u = LevelNumbers.all(1e-6)
        for (level, share) in other.name { u.name[Int(level.rawValue)] = share }
        for (level, share) in other.date { u.date[Int(level.rawValue)] = share }
        u.number[Int(NumberAgreement.ofOther.rawValue)] = 1
        u.sex = [0.5, 0.5, 1]
        let estimator = WeightEstimator(records: records, persons: 20, u: u)
        var start = LevelNumbers.all(1).shares
        start.name[0] = 0.9
        start.date[0] = 0.9
        let found = estimator.run(
            from: start, othersByNumber: Array(repeating: 0.001, count: NumberAgreement.allCases.count))
        #expect(found.isSettled)
        #expect(abs(found.registered - 0.9) < 0.03)
        for (level, share) in own.name { #expect(abs(found.m.name[Int(level.rawValue)] - share) < 0.03, "\(level)") }
        for (level, share) in own.number {
            #expect(abs(found.m.number[Int(level.rawValue)] - share) < 0.03, "\(level)")
        }
        for (level, share) in own.date { #expect(abs(found.m.date[Int(level.rawValue)] - share) < 0.03, "\(level)") }
        #expect(abs(found.m.sex[0] - 0.95) < 0.02)
    }

    @Test("what both kinds of keys find tells how much neither does")
    func blockedRecall() {
        func candidate(_ ways: Gathering.Way) -> [LevelVector] {
            [LevelVector(name: .same, number: .same, date: .same, sex: .same, ways: ways)]
        }
        let records =
            Array(repeating: candidate([.number, .dateName]), count: 720)
            + Array(repeating: candidate(.number), count: 180) + Array(repeating: candidate(.dateName), count: 80)
        let recall = BlockedRecall(records, shares: records.map { _ in [1] })
        #expect(abs(recall.share - 0.98) < 0.001)
    }
}
