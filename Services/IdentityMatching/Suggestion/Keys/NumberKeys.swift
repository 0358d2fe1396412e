/// The keys of a number: whole, and without each of four blocks.
///
/// The same on both sides. A number of digits is cut by place; a number with letters has a whole key only, its hash.
enum NumberKeys {
    /// Where the four blocks of a number of this length begin and end. 12: 3+3+3+3, 9: 2+2+2+3.
    @inline(__always)
    static func bounds(_ length: Int) -> (Int, Int, Int, Int, Int) {
        (0, length / 4, length / 2, length * 3 / 4, length)
    }

    static func whole(_ number: PackedNumber) -> UInt64 { KeyFamily.number.key(number.bits) }

    /// Numbers of fewer digits have no part keys: too little would be left.
    static let shortest = 5

    /// Gives the key without each block of a number as it is.
    static func parts(_ number: PackedNumber, _ body: (KeyFamily, UInt64) -> Void) {
        let length = number.length
        guard length >= shortest else { return }
        let (a, b, c, d, e) = bounds(length)
        let size = UInt64(length) << 56
        let first = number.part(a, b)
        let second = number.part(b, c)
        let third = number.part(c, d)
        let fourth = number.part(d, e)
        body(.numberWithoutFirst, KeyFamily.numberWithoutFirst.key(second << 20 | third, size | fourth))
        body(.numberWithoutSecond, KeyFamily.numberWithoutSecond.key(first << 20 | third, size | fourth))
        body(.numberWithoutThird, KeyFamily.numberWithoutThird.key(first << 20 | second, size | fourth))
        body(.numberWithoutFourth, KeyFamily.numberWithoutFourth.key(first << 20 | second, size | third))
    }

    /// Gives the keys of the numbers of `length` digits that became this one by losing digits, or by getting one too many,
    /// inside one block: what is before the block is counted from the left, what is after it from the right.
    static func parts(_ number: PackedNumber, meaning length: Int, _ body: (KeyFamily, UInt64) -> Void) {
        let typed = number.length
        guard length >= shortest, length <= 14, typed >= length - 2, typed <= length + 2 else { return }
        let shift = typed - length
        let (a, b, c, d, e) = bounds(length)
        let size = UInt64(length) << 56
        func left(_ start: Int, _ end: Int) -> UInt64 { end <= typed ? number.part(start, end) : .max >> 24 }
        func right(_ start: Int, _ end: Int) -> UInt64 {
            start + shift >= 0 ? number.part(start + shift, end + shift) : .max >> 24
        }
        body(.numberWithoutFirst, KeyFamily.numberWithoutFirst.key(right(b, c) << 20 | right(c, d), size | right(d, e)))
        body(
            .numberWithoutSecond, KeyFamily.numberWithoutSecond.key(left(a, b) << 20 | right(c, d), size | right(d, e)))
        body(.numberWithoutThird, KeyFamily.numberWithoutThird.key(left(a, b) << 20 | left(b, c), size | right(d, e)))
        body(.numberWithoutFourth, KeyFamily.numberWithoutFourth.key(left(a, b) << 20 | left(b, c), size | left(c, d)))
    }

    /// Gives the numbers of which two neighbours, the last of one block and the first of the next, were exchanged.
    static func acrossBlocks(_ number: PackedNumber, _ body: (PackedNumber) -> Void) {
        let length = number.length
        guard length >= shortest else { return }
        let (_, b, c, d, _) = bounds(length)
        for place in [b, c, d] {
            let left = number.digit(place - 1)
            let right = number.digit(place)
            guard left != right else { continue }
            let difference = UInt64(left ^ right)
            let swapped =
                number.bits ^ difference << UInt64(4 * (length - place)) ^ difference
                << UInt64(4 * (length - 1 - place))
            body(PackedNumber(bits: swapped))
        }
    }
}
