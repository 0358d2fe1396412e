/// The hash of keys and checksums: multiply to twice the width and fold the halves.
///
/// No defence against chosen collisions is needed: what a key finds is compared again in full, and a bucket has a cap.
enum Mixing {
    @inline(__always)
    static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = (left ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: right ^ 0xD1B5_4A32_D192_ED03)
        return product.high ^ product.low
    }

    /// Spreads the bits of one number.
    @inline(__always)
    static func spread(_ value: UInt64) -> UInt64 {
        var value = value
        value ^= value >> 32
        value &*= 0xD6E8_FEB8_6659_FD93
        value ^= value >> 32
        value &*= 0xD6E8_FEB8_6659_FD93
        value ^= value >> 32
        return value
    }

    static func hash(_ bytes: some Sequence<UInt8>, seed: UInt64 = 0) -> UInt64 {
        var hash = seed ^ 0xA076_1D64_78BD_642F
        var word: UInt64 = 0
        var filled = 0
        var length: UInt64 = 0
        for byte in bytes {
            word |= UInt64(byte) << UInt64(8 * filled)
            filled += 1
            length += 1
            if filled == 8 {
                hash = mix(hash, word)
                word = 0
                filled = 0
            }
        }
        if filled > 0 { hash = mix(hash, word) }
        return spread(hash ^ length)
    }
}

/// The checksum of an index file's sections: over 8-byte words, fed in pieces of any size.
struct Checksum {
    private var state: UInt64 = 0x2545_F491_4F6C_DD1D
    private var word: UInt64 = 0
    private var filled: UInt64 = 0
    private var length: UInt64 = 0

    mutating func add(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while let byte = rest.first, filled != 0 {
            add(byte)
            rest = rest.dropFirst()
        }
        let whole = rest.count / 8 * 8
        var place = rest.startIndex
        let end = place + whole
        while place < end {
            var word: UInt64 = 0
            for index in 0..<8 { word |= UInt64(rest[place + index]) << UInt64(8 * index) }
            step(word)
            place += 8
        }
        length += UInt64(whole)
        for byte in rest[end...] { add(byte) }
    }

    /// Adds eight bytes as one little-endian word; only while a multiple of eight bytes was added before.
    @inline(__always)
    mutating func add(word: UInt64) {
        step(word)
        length += 8
    }

    private mutating func add(_ byte: UInt8) {
        word |= UInt64(byte) << (8 * filled)
        filled += 1
        length += 1
        if filled == 8 {
            step(word)
            word = 0
            filled = 0
        }
    }

    @inline(__always)
    private mutating func step(_ word: UInt64) { state = Mixing.mix(state, word) &+ word }

    var value: UInt64 {
        var last = self
        if last.filled > 0 { last.step(last.word) }
        return Mixing.spread(last.state ^ last.length)
    }

    static func of(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        var checksum = Checksum()
        checksum.add(bytes)
        return checksum.value
    }
}
