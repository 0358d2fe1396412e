/// Random numbers that are the same on every machine and in every release: SplitMix64 to spread a seed,
/// xoshiro256** to draw. The standard library's generators promise neither.
struct SplitMix64 {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// xoshiro256** 1.0 (Blackman and Vigna, public domain algorithm).
struct Xoshiro {
    private var a: UInt64
    private var b: UInt64
    private var c: UInt64
    private var d: UInt64

    /// Independent streams for each purpose and index, so that a person is the same in whatever order one asks.
    enum Stream: UInt64 {
        case units = 1
        case household
        case person
        case doses
        case rows
    }

    init(seed: UInt64, _ stream: Stream, _ index: Int = 0) {
        var outer = SplitMix64(seed)
        var inner = SplitMix64(outer.next() ^ (stream.rawValue << 56))
        var spread = SplitMix64(inner.next() ^ UInt64(bitPattern: Int64(index)))
        a = spread.next()
        b = spread.next()
        c = spread.next()
        d = spread.next()
    }

    mutating func next() -> UInt64 {
        let product = b &* 5
        let result = ((product << 7) | (product >> 57)) &* 9
        let shifted = b << 17
        c ^= a
        d ^= b
        b ^= c
        a ^= d
        c ^= shifted
        d = (d << 45) | (d >> 19)
        return result
    }

    /// 0 ..< bound, by multiplication (Lemire), without a loop: the bias is below 2^-40 for our bounds.
    mutating func below(_ bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    mutating func within(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.upperBound - range.lowerBound + 1)
    }

    /// True in `perMyriad` of 10,000 draws.
    mutating func chance(_ perMyriad: Int) -> Bool { below(10_000) < perMyriad }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}

/// A fixed choice among weighted values.
struct Weighted<Value: Sendable>: Sendable {
    let values: [Value]
    private let upTo: [Int]

    init(_ entries: [(Value, Int)]) {
        values = entries.map(\.0)
        var total = 0
        upTo = entries.map { entry in
            total += entry.1
            return total
        }
    }

    func draw(_ random: inout Xoshiro) -> Value {
        let point = random.below(upTo[upTo.count - 1])
        var low = 0
        var high = upTo.count - 1
        while low < high {
            let middle = (low + high) / 2
            if point < upTo[middle] { high = middle } else { low = middle + 1 }
        }
        return values[low]
    }
}
