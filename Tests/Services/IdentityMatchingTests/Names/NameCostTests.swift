import Glibc
import Testing

@testable import IdentityMatching

@Suite("What reading and comparing names costs, as multiples of normalising one", .serialized)
struct NameCostTests {
    private static let names: [String] = ["Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh"].flatMap { surname in
        ["Văn", "Thị", "Hoàng"].flatMap { middle in
            ["An", "Bình", "Hương", "Phượng", "Đức"].map { "\(surname) \(middle) \($0)" }
        }
    }

    /// The best of several rounds, nanoseconds of this thread's processor time a name: what others run beside does not count.
    private static func cost(_ body: (Int) -> Int) -> Double {
        var best = Double.infinity
        var sum = 0
        for _ in 0..<5 {
            let start = processorTime()
            for index in 0..<1_000 { sum &+= body(index % names.count) }
            best = min(best, (processorTime() - start) / 1e3)
        }
        return sum == 1 ? 0 : best
    }

    private static func processorTime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }

    @Test("MAT-10 plain names are read as typed and in no other way")
    func plain() {
        var preparer = NamePreparer()
        for name in Self.names { #expect(preparer.prepare(name).readings.count == 1) }
    }

    /// Bounds are wide enough for unoptimised code (8 and 17 were measured), and narrow enough to see work that grows with
    /// the length of a name more than once.
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
