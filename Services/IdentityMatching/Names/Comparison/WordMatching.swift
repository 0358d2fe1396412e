/// Which words of two names belong together, and what follows from it for the names.
struct WordMatching {
    let typed: Int
    let registered: Int
    /// An edit between the names written without spaces; 3 for more.
    var joined = 3
    private var freeTyped: UInt32
    private var freeRegistered: UInt32
    private var writtenRegistered: UInt32 = 0
    private var evidence: NameEvidence = []
    private var byEar = 0
    private var abbreviated = 0
    private var edits = 0
    private var firstPair = WordRelation.other
    private var lastPair = WordRelation.other
    private var pairs = 0
    /// The partner of each typed word, four bits each, and which words have one.
    private var partners: UInt64 = 0
    private var hasPartner: UInt32 = 0

    init(typed: Int, registered: Int) {
        self.typed = typed
        self.registered = registered
        freeTyped = (1 << UInt32(typed)) - 1
        freeRegistered = (1 << UInt32(registered)) - 1
    }

    /// Whether words on both sides still have no partner.
    var isOpen: Bool { freeTyped != 0 && freeRegistered != 0 }

    /// In which order places are tried: the ends, the same place from the front, from the back, any.
    static let rounds = 4

    /// The free registered words for a typed one in a round; none where it has its partner.
    func candidates(for index: Int, round: Int) -> Candidates {
        guard freeTyped & 1 << UInt32(index) != 0 else { return Candidates(free: 0) }
        let fromEnd = registered - typed + index
        var places: UInt32 = 0
        switch round {
        case 0:
            if index == 0 { places |= 1 }
            if index == typed - 1 { places |= 1 << UInt32(registered - 1) }
        case 1: if index < registered { places = 1 << UInt32(index) }
        case 2: if registered != typed, fromEnd >= 0 { places = 1 << UInt32(fromEnd) }
        default:
            places = UInt32.max
            if index < registered { places &= ~(1 << UInt32(index)) }
            if fromEnd >= 0 { places &= ~(1 << UInt32(fromEnd)) }
        }
        return Candidates(free: freeRegistered & places)
    }

    struct Candidates: Sequence, IteratorProtocol {
        var free: UInt32

        mutating func next() -> Int? {
            guard free != 0 else { return nil }
            defer { free &= free - 1 }
            return free.trailingZeroBitCount
        }
    }

    mutating func pair(_ index: Int, _ other: Int, _ relation: WordRelation) {
        freeTyped &= ~(1 << UInt32(index))
        freeRegistered &= ~(1 << UInt32(other))
        if index == 0, other == 0 { firstPair = relation }
        if index == typed - 1, other == registered - 1 { lastPair = relation }
        pairs += 1
        partners |= UInt64(other) << UInt64(index * 4)
        hasPartner |= 1 << UInt32(index)
        switch relation {
        case .same: break
        case .placement, .toneByEar, .tone: evidence.insert(.tones)
        case .diacritics: evidence.insert(.diacritics)
        case .lost: evidence.insert(.lostLetters)
        case .byEar:
            evidence.insert(.byEar)
            byEar += 1
        case .abbreviated:
            evidence.insert(.abbreviation)
            abbreviated += 1
        case .oneEdit:
            evidence.insert(.edit)
            edits += 1
        case .twoEdits:
            evidence.insert(.edit)
            edits += 2
        case .other: break
        }
        if relation <= .lost { writtenRegistered |= 1 << UInt32(other) }
    }

    private var keepsOrder: Bool {
        var last = -1
        for index in 0..<typed where hasPartner & 1 << UInt32(index) != 0 {
            let place = Int(partners >> UInt64(index * 4) & 15)
            if place < last { return false }
            last = place
        }
        return true
    }
}

extension WordMatching {
    var outcome: NameComparison {
        var evidence = evidence
        let ordered = keepsOrder
        if !ordered { evidence.insert(.order) }
        if freeRegistered != 0 { evidence.insert(.wordMissing) }
        if freeTyped != 0 { evidence.insert(.wordExtra) }
        let agreement = agreement(ordered: ordered, &evidence)
        return NameComparison(
            agreement: agreement, reading: 0, source: .asTyped, evidence: evidence, agreeingWords: writtenRegistered)
    }

    private func agreement(ordered: Bool, _ evidence: inout NameEvidence) -> NameAgreement {
        guard typed > 0, registered > 0 else { return .different }
        if freeTyped == 0, freeRegistered == 0 { return whole(ordered: ordered) }
        if joined == 1 {
            evidence.formUnion([.spacing, .edit])
            return .twoEdits
        }
        if let partial = partial(ordered: ordered, &evidence) { return partial }
        return ends()
    }

    /// Every word has a partner.
    private func whole(ordered: Bool) -> NameAgreement {
        if abbreviated == pairs { return pairs > 1 ? .initials : .different }
        let small = edits + (ordered ? 0 : 1) + (edits > 0 ? byEar : 0)
        if abbreviated > 0 { return small == 0 ? .abbreviated : small == 1 ? .twoEdits : ends() }
        if small == 0 { return byEar > 0 ? .soundsAlike : .orderDiffers }
        if small == 1 { return ordered ? .oneEdit : byEar > 0 ? .twoEdits : .orderDiffers }
        return small == 2 ? .twoEdits : ends()
    }

    /// All words of one side have partners, the other side has words left.
    private func partial(ordered: Bool, _ evidence: inout NameEvidence) -> NameAgreement? {
        guard freeTyped == 0 || freeRegistered == 0, pairs > 1, abbreviated < pairs else { return nil }
        let free = freeTyped == 0 ? freeRegistered : freeTyped
        let count = freeTyped == 0 ? registered : typed
        let lacksFirst = free & 1 != 0
        let lacksLast = free & 1 << UInt32(count - 1) != 0
        guard edits + byEar <= 1 else { return nil }
        if !lacksFirst, !lacksLast {
            if edits > 0 { return ordered ? .twoEdits : nil }
            return freeTyped == 0 ? .middleMissing : .middleExtra
        }
        guard edits == 0, ordered, lacksFirst != lacksLast else { return nil }
        if lacksFirst {
            if freeTyped == 0 { evidence.insert(.surnameMissing) }
            return .surnameDiffers
        }
        if freeTyped == 0 { evidence.insert(.givenMissing) }
        return .givenDiffers
    }

    /// What first and last word say where the rest does not agree.
    private func ends() -> NameAgreement {
        let surname = firstPair.isOneWord
        let given = lastPair.isOneWord
        if surname && (given || lastPair == .oneEdit) || given && firstPair == .oneEdit {
            return typed > 2 || registered > 2 ? .middleDiffers : given ? .givenOnly : .surnameOnly
        }
        let others = min(typed, registered) - 1
        if !surname, given, freeTyped & ~1 == 0, freeRegistered & ~1 == 0, others > 1, edits == 0 {
            return .surnameDiffers
        }
        if surname, !given, others > 1, edits == 0, freeTyped & ~(1 << UInt32(typed - 1)) == 0,
            freeRegistered & ~(1 << UInt32(registered - 1)) == 0
        {
            return .givenDiffers
        }
        return given ? .givenOnly : surname ? .surnameOnly : .different
    }
}
