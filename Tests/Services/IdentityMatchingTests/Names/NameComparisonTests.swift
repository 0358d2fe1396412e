import Testing

@testable import IdentityMatching

@Suite("How far names agree")
struct NameComparisonTests {
    static func compare(_ typed: String, _ registered: String) -> NameComparison {
        var normaliser = NameNormaliser()
        var comparer = NameComparer()
        return comparer.compare(PreparedName(typed: typed), registered: normaliser.normalise(registered))
    }

    @Test(
        "MAT-04 MAT-10 each pair at its level",
        arguments: [
            ("Nguyễn Văn An", "NGUYỄN  VĂN AN", NameAgreement.same), ("Lê Thị Hòa", "Lê Thị Hoà", .same),
            ("Ông Nguyễn Văn An", "Nguyễn Văn An", .sameAfterDecoding),
            ("Nguyeexn Vawn An", "Nguyễn Văn An", .sameAfterDecoding),
            ("NguyÔn V¨n An", "Nguyễn Văn An", .sameAfterDecoding),
            ("Nguyeãn Vaên An", "Nguyễn Văn An", .sameAfterDecoding),
            ("Nguyễn Văn An (mũi 2)", "Nguyễn Văn An", .sameAfterDecoding),
            ("Trần Hòang Nam", "Trần Hoàng Nam", .tonePlacement), ("Nguyễn Thị Qúy", "Nguyễn Thị Quý", .tonePlacement),
            ("Nguyển Văn An", "Nguyễn Văn An", .toneByEar), ("Võ Thị Mỷ", "Võ Thị Mỹ", .toneByEar),
            ("Nguyễn Văn Ản", "Nguyễn Văn An", .toneDiffers), ("Trần Thị Binh", "Trần Thị Bình", .toneDiffers),
            ("Nguyen Van An", "Nguyễn Văn An", .diacriticsDiffer), ("Dang Thi Dao", "Đặng Thị Đào", .diacriticsDiffer),
            ("Nguyễn Văn Ân", "Nguyễn Văn An", .diacriticsDiffer), ("Dỗ Văn An", "Đỗ Văn An", .diacriticsDiffer),
            ("Nguy?n V?n An", "Nguyễn Văn An", .lettersLost),
            ("Tr\u{FFFD}n Th\u{FFFD} Lan", "Trần Thị Lan", .lettersLost),
            ("Nguyễnvăn An", "Nguyễn Văn An", .spacingDiffers), ("Nguyen VanAn", "Nguyễn Văn An", .diacriticsDiffer),
            ("nguyenvanan", "Nguyễn Văn An", .spacingDiffers), ("Ng uyễn Văn An", "Nguyễn Văn An", .spacingDiffers),
            ("H Hen Niê", "H'Hen Niê", .spacingDiffers), ("Jean Pierre Martin", "Jean-Pierre Martin", .spacingDiffers),
            ("An Nguyễn Văn", "Nguyễn Văn An", .orderDiffers), ("Van An Nguyen", "Nguyễn Văn An", .orderDiffers),
            ("An Văn Nguyễn", "Nguyễn Văn An", .orderDiffers), ("john smith", "smith john", .orderDiffers),
            ("Trần Thị Xương", "Trần Thị Sương", .soundsAlike), ("Nguyễn Văn Trung", "Nguyễn Văn Chung", .soundsAlike),
            ("Lê Thị Giung", "Lê Thị Dung", .soundsAlike), ("Nê Văn Nong", "Lê Văn Long", .soundsAlike),
            ("Nguyễn Thị Lí", "Nguyễn Thị Lý", .soundsAlike), ("Ngyễn Thị Kúc", "Nguyễn Thị Cúc", .twoEdits),
            ("Trần Kường", "Trần Cường", .soundsAlike), ("Ngiêm Văn An", "Nghiêm Văn An", .soundsAlike),
            ("Gi Văn Vũng", "Di Văn Dũng", .soundsAlike), ("Nguyễn Văn Thàn", "Nguyễn Văn Thàng", .soundsAlike),
            ("Lê Văn Lụt", "Lê Văn Lục", .soundsAlike), ("Huỳnh Văn An", "Hoàng Văn An", .soundsAlike),
            ("Võ Minh Nhựt", "Vũ Minh Nhật", .soundsAlike), ("Nguyễn Thị Bít", "Nguyễn Thị Bích", .soundsAlike),
            ("Trần Văn Híu", "Trần Văn Hiếu", .soundsAlike), ("Lê Thị Quí", "Lê Thị Quý", .soundsAlike),
            ("Nguyễn Văn Anh", "Nguyễn Văn An", .oneEdit), ("Nguyễn Văn An", "Nguyễn Văn Anh", .oneEdit),
            ("Ngueyn Van An", "Nguyễn Văn An", .oneEdit), ("Nguyễm Văn An", "Nguyễn Văn An", .oneEdit),
            ("Smyth John", "Smith John", .oneEdit), ("Vinh Văn An", "Đinh Văn An", .oneEdit),
            ("Do Van An", "Vũ Văn An", .surnameDiffers),
            ("Nguyễn V. An", "Nguyễn Văn An", .abbreviated), ("Ng. V. An", "Nguyễn Văn An", .abbreviated),
            ("Ng Văn An", "Nguyễn Văn An", .abbreviated), ("Ng.V.An", "Nguyễn Văn An", .abbreviated),
            ("N.V.A", "Nguyễn Văn An", .initials), ("Nguyễn Thị H", "Nguyễn Thị Hoa", .abbreviated),
            ("Nguyễn An", "Nguyễn Văn An", .middleMissing), ("Nguyễn Văn Thành An", "Nguyễn Văn An", .middleExtra),
            ("Nguyễn Thị An", "Nguyễn Thị Thanh Bình An", .middleMissing),
            ("An Nguyen", "Nguyễn Văn An", .middleMissing),
            ("Nguyễn Thị Ngộc Lann", "Nguyễn Thị Ngọc Lan", .oneEdit), ("Nguyen Van Anh", "Nguyễn An", .twoEdits),
            ("Nguyên Vam Anh", "Nguyễn Văn An", .twoEdits), ("Trầm Thị Lam", "Trần Thị Lan", .twoEdits),
            ("Hihgtower Jon", "Hightower John", .twoEdits), ("Christpohre Lee", "Christopher Lee", .twoEdits),
            ("Lê Thị Thu Hà", "Phạm Thị Thu Hà", .surnameDiffers), ("Thị Thu Hà", "Phạm Thị Thu Hà", .surnameDiffers),
            ("Nguyễn Văn An", "Nguyễn Hoàng An", .middleDiffers),
            ("Nguyễn Thị Bích Hà", "Nguyễn Kim Thu Hà", .middleDiffers),
            ("Nguyễn Thị Thu Hà", "Nguyễn Thị Thu Cúc", .givenDiffers),
            ("Nguyễn Thị Thu", "Nguyễn Thị Thu Cúc", .givenDiffers),
            ("Lê Minh An", "Phạm Thị An", .givenOnly), ("Lê Minh Tuấn", "Lê Thị Bích", .surnameOnly),
            ("Phạm Thị Tư", "Nguyễn Văn An", .different), ("李", "文", .different), ("", "Nguyễn Văn An", .absent),
            ("\u{200B}", "Nguyễn Văn An", .absent), ("Nguyễn Văn An", "", .absent),
        ] as [(String, String, NameAgreement)])
    func level(_ example: (String, String, NameAgreement)) {
        let (typed, registered, agreement) = example
        let found = Self.compare(typed, registered)
        #expect(found.agreement == agreement)
        #expect((found.reason == nil) == (found.agreement == .same))
        #expect(found.agreement == .same || !found.text.isEmpty)
    }

    @Test(
        "MAT-04 the reasons, and by which reading",
        arguments: [
            ("Nguyễn Văn An", "Nguyễn Văn An", nil, ReadingSource.asTyped),
            ("Ông Nguyễn Văn An", "Nguyễn Văn An", "TITLE_OR_NOTE", .cleaned),
            ("Tha3o", "Thảo", "TYPING_RESIDUE", .vni), ("NguyÔn V¨n An", "Nguyễn Văn An", "ENCODING", .tcvn3),
            ("Nguyễn Văn ₫ức", "Nguyễn Văn Đức", "LOOK_ALIKE", .lookAlikes), ("An1", "Án", "TYPING_RESIDUE", .vni),
            ("An1", "An", "TITLE_OR_NOTE", .cleaned), ("Nguyeenx Vawn An", "Nguyễn Vân An", "DIACRITICS_ONLY", .telex),
            ("NguyÔn V¨n B×nh", "Nguyễn Văn Bính", "TONE_MARK_DIFFERS", .tcvn3),
            ("max", "mã", "TYPING_RESIDUE", .telex),
            ("max", "max", nil, .asTyped), ("Ông Nguyễn Văn Anh", "Nguyễn Văn An", "SPELLING_1", .cleaned),
            ("N.V.A", "Nguyễn Văn An", "ABBREVIATED", .cleaned),
            ("Lê Thị Giung", "Lê Thị Dung", "SPELLING_BY_EAR", .asTyped),
            ("Nguyễn Thị Thu", "Nguyễn Thị Thu Cúc", "OTHER_PERSON", .asTyped), ("", "An", "ABSENT", .asTyped),
        ] as [(String, String, String?, ReadingSource)])
    func reason(_ example: (String, String, String?, ReadingSource)) {
        let (typed, registered, reason, source) = example
        let found = Self.compare(typed, registered)
        #expect(found.reason == reason)
        #expect(found.source == source)
    }

    @Test("MAT-10 evidence names the words that agree, and tells nothing of the register")
    func evidence() {
        let found = Self.compare("Lê Thị Thu Hà", "Phạm Thị Thu Hà")
        #expect(found.agreeingWords == 0b1110)
        #expect(Self.compare("Nguyen An", "Nguyễn Văn An").agreeingWords == 0b101)
        #expect(Self.compare("An Nguyen", "Nguyễn Văn An").evidence.contains(.order))
        #expect(Self.compare("Thị Thu Hà", "Phạm Thị Thu Hà").evidence.contains(.surnameMissing))
        for (typed, registered) in [("Lê Thị Thu Hà", "Phạm Thị Thu Hà"), ("Trần Xương", "Trần Sương"), ("A", "Khánh")]
        {
            let text = Self.compare(typed, registered).text
            #expect(!text.contains("Phạm") && !text.contains("Sương") && !text.contains("Khánh"))
        }
    }

    @Test("MAT-04 names are read by the standing set on both sides, the index's from version 1 on")
    func standingSet() {
        let typed = "Y Niê-Kđăm"
        var first = NameNormaliser()
        let indexed = Array(first.normalise("Y Niê Kđăm").utf8)
        for (rules, isSame) in [(RuleSet.first, false), (.second, true)] {
            var preparer = NamePreparer(rules: rules)
            var comparer = NameComparer(rules: rules)
            let one = comparer.compare(preparer.prepare(typed), registered: indexed.span)
            #expect((one.agreement == .same) == isSame)
            let other = Array(first.normalise("Y Niê-Kđăm").utf8)
            let reverse = comparer.compare(preparer.prepare("Y Niê Kđăm"), registered: other.span)
            #expect((reverse.agreement == .same) == isSame)
        }
        var names = NameDifference(rules: .second)
        var prepared: PreparedName?
        #expect(names.reason(typed: typed, prepared: &prepared, registered: "Y NIÊ KĐĂM".utf8.span) == nil)
        #expect(prepared == nil)
    }

    @Test("MAT-04 only names that agree in little are another person's")
    func otherPerson() {
        let others = NameAgreement.allCases.filter(\.isOtherPerson)
        #expect(others == [.givenDiffers, .givenOnly, .surnameOnly, .different])
    }

    @Test(
        "MAT-04 the reason of a finding sees the text as it was typed, and is nil only where VERIFY finds the names equal"
    )
    func findings() {
        var names = NameDifference()
        func reason(_ typed: String, _ registered: String) -> String? {
            var prepared: PreparedName?
            let bytes = Array(registered.utf8)
            return names.reason(typed: typed, prepared: &prepared, registered: bytes.span)
        }
        #expect(reason("NguyÔn V¨n An", "Nguyễn Văn An") == "ENCODING")
        #expect(reason("Nguyeexn Vawn An", "Nguyễn Văn An") == "TYPING_RESIDUE")
        #expect(reason("Ông Nguyễn Văn An", "Nguyễn Văn An") == "TITLE_OR_NOTE")
        #expect(reason("NGUYỄN VĂN AN", "Nguyễn Văn An") == nil)
        #expect(reason("Phạm Thị Tư", "Nguyễn Văn An") == "OTHER_PERSON")
    }
}
