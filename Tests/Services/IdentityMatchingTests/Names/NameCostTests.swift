import Testing

@testable import IdentityMatching

@Suite("What reading and comparing names costs, as multiples of normalising one", .serialized)
struct NameCostTests {
    private static let names: [String] = ["Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh"].flatMap { surname in
        ["Văn", "Thị", "Hoàng"].flatMap { middle in
            ["An", "Bình", "Hương", "Phượng", "Đức"].map { "\(surname) \(middle) \($0)" }
        }
    }

    /// The best of several rounds, nanoseconds a name.
    private static func cost(_ body: (Int) -> Int) -> Double {
        let clock = ContinuousClock()
        var best = Double.infinity
        var sum = 0
        for _ in 0..<5 {
            let taken = clock.measure {
                for index in 0..<2_000 { sum &+= body(index % names.count) }
            }
            best = min(best, Double(taken.components.attoseconds) / 2e12)
        }
        return sum == 1 ? 0 : best
    }

    /// Bounds are wide enough for unoptimised code on a busy machine, and narrow enough to see a decoder run on plain names.
    @Test("MAT-10 plain names are read and compared at a small multiple of normalising")
    func ratios() {
        var normaliser = NameNormaliser()
        var preparer = NamePreparer()
        var comparer = NameComparer()
        let names = Self.names
        let registered = names.map { Array(normaliser.normalise($0).utf8) }
        let prepared = names.map { PreparedName(typed: $0) }
        let base = Self.cost { normaliser.normalise(names[$0]).utf8.count }
        let reading = Self.cost { preparer.prepare(names[$0]).readings.count } / base
        let comparing =
            Self.cost { index in
                let bytes = registered[(index * 31 + 7) % registered.count]
                return Int(comparer.compare(prepared[index], registered: bytes.span).agreement.rawValue)
            } / base
        let decoding = Self.cost { _ in preparer.prepare("NguyÔn V¨n An").readings.count } / base
        print(
            "names, multiples of normalising: prepare \(Self.shown(reading)), compare with another's"
                + " \(Self.shown(comparing)), decode \(Self.shown(decoding))")
        #expect(reading < 60)
        #expect(comparing < 120)
    }

    private static func shown(_ ratio: Double) -> String { String(Double(Int(ratio * 100)) / 100) }
}
