/// Keys of what a name may have been, had its words been moved or one been left out: looked up where nothing else is found.
struct NameOrders {
    /// The name with its first word last, its last word first, and the last two exchanged.
    let orders: [NameKeys]
    /// All words but a given name that was left out: as `NameKeys.surnameAndMiddle`.
    let withoutGiven: UInt64
    /// All words but a surname that was left out: as `NameKeys.middleAndGiven`.
    let withoutSurname: UInt64

    /// - Parameter words: folded letters of two words at least.
    init(_ words: [[UInt8]]) {
        let filler: [UInt8] = [0x78]
        withoutGiven = NameKeys(foldedWords: words + [filler]).surnameAndMiddle
        withoutSurname = NameKeys(foldedWords: [filler] + words).middleAndGiven
        guard let first = words.first, let last = words.last, words.count > 1, words.count <= 6 else {
            orders = []
            return
        }
        var found = [Array(words.dropFirst()) + [first], [last] + Array(words.dropLast())]
        if words.count > 2 { found.append(Array(words.dropLast(2)) + [last, words[words.count - 2]]) }
        orders = found.map { NameKeys(foldedWords: $0) }
    }
}
