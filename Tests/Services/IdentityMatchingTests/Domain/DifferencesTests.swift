import RecordModel
import Testing

@testable import IdentityMatching

@Suite("What differs, for the police side")
struct DifferencesTests {
    private func reasons(_ typed: TypedItems) -> String {
        VerifyTests.decide(typed).differences.map { "\($0.field):\($0.reason)" }.joined(separator: ";")
    }

    @Test(
        "MAT-04 each item says why",
        arguments: [
            (VerifyTests.record("Nguyễn Văn Ản"), "name:TONE_MARK_DIFFERS"),
            (VerifyTests.record("Nguyen Van An"), "name:DIACRITICS_ONLY"),
            (VerifyTests.record("Văn An Nguyễn"), "name:ORDER"),
            (VerifyTests.record("Nguyễn An"), "name:MIDDLE_MISSING"),
            (VerifyTests.record("Nguyễn Văn Thành An"), "name:MIDDLE_EXTRA"),
            (VerifyTests.record("Nguyễn V. An"), "name:ABBREVIATED"),
            (VerifyTests.record("Nguyễn Văn Anh"), "name:SPELLING_1"),
            (VerifyTests.record("Phạm Thị Tư"), "name:OTHER_PERSON"),
            (VerifyTests.record("Lê Thị Hòa", "M", "28/02/2001", "038301000002"), "sex:CONTRADICTS_ID"),
            (VerifyTests.record("Nguyễn Văn An", "F"), "sex:FLIPPED"),
            (VerifyTests.record("Nguyễn Văn An", "F", "1987-09-05", "123456789"), "sex:FLIPPED"),
            (VerifyTests.record("Nguyễn Văn An", "M", "09/05/1987"), "date_of_birth:DAY_MONTH_SWAP"),
            (VerifyTests.record("Nguyễn Văn An", "M", "01/01/1987"), "date_of_birth:YEAR_ONLY"),
            (VerifyTests.record("Nguyễn Văn An", "M", "1987"), "date_of_birth:YEAR_ONLY"),
            (VerifyTests.record("Nguyễn Văn An", "M", "1987-09-15"), "date_of_birth:ONE_DIGIT"),
            (VerifyTests.record("Nguyễn Văn An", "M", "2087-09-05"), "date_of_birth:CENTURY"),
            (VerifyTests.record("Nguyễn Văn An", "M", "1975-12-24"), "date_of_birth:OTHER"),
            (VerifyTests.record("Nguyễn Văn An", "M", "31/02/1987"), "date_of_birth:IMPOSSIBLE_DATE"),
            (VerifyTests.record("", "", ""), "name:ABSENT;date_of_birth:ABSENT;sex:ABSENT"),
            (VerifyTests.record("Nguyễn Văn An", "M", "1987-09-05", ""), "id_number:ABSENT"),
            (VerifyTests.record("Nguyễn Văn An", "M", "1987-09-05", "79187012345"), "id_number:LEADING_ZERO_LOST"),
            (VerifyTests.record("Nguyễn Văn An", "M", "1987-09-05", "7918701"), "id_number:WRONG_LENGTH"),
            (VerifyTests.record("Nguyễn Văn An", "M", "1987-09-05", "O79187012345"), "id_number:MALFORMED"),
            (VerifyTests.record("Nguyễn Văn An", "M", "1987-09-05", "079187012346"), "id_number:NOT_IN_REGISTER"),
            (VerifyTests.record("Nguyễn Văn An", "M", "1987-09-05", "987654321"), "id_number:CMND_UNKNOWN"),
            (
                VerifyTests.record("Nguyễn Văn An", "M", "1987-09-05", "038301000002"),
                "id_number:BELONGS_TO_OTHER;name:OTHER_PERSON;date_of_birth:OTHER;sex:CONTRADICTS_ID"
            ),
            (VerifyTests.record(nationality: "Atlantis"), "nationality:UNREADABLE"),
        ])
    func reason(_ pair: (TypedItems, String)) { #expect(reasons(pair.0) == pair.1) }

    @Test("MAT-04 of several holders of an old number the nearest explains")
    func nearest() {
        #expect(
            reasons(VerifyTests.record("Trần Thị Binh", "F", "1998-01-01", "123456789")) == "name:TONE_MARK_DIFFERS")
    }

    @Test(
        "AUT-17 hints come from the record alone",
        arguments: [
            (VerifyTests.record("A B", "M", "1987-09-05", "79187012345"), [Hint.leadingZeroLost, .wrongLength]),
            (VerifyTests.record("A B", "M", "1987-09-05", "07918701234O"), [.lettersInNumber]),
            (VerifyTests.record("A B", "M", "1987-09-05", "1.09E+11"), [.scientificNotation]),
            (VerifyTests.record("A B", "M", "1987-09-05", "12345"), [.wrongLength]),
            (VerifyTests.record("A B", "F", "1987-09-05", "079087012345"), [.sexContradictsNumber]),
            (VerifyTests.record("A B", "M", "1988-09-05", "079087012345"), [.birthYearContradictsNumber]),
            (VerifyTests.record("A B", "F", "2001", "038301000002"), [.yearOnly]),
            (VerifyTests.record("A B", "", "", "038301000002"), [.sexAbsent, .birthDateAbsent]),
            (VerifyTests.record("", "?", "31/02/2000", "123456789"), [.nameAbsent, .sexUnreadable, .impossibleDate]),
            (VerifyTests.record("A B", "M", "2000-02-01", "123456789", kind: "CCCD"), [.kindContradictsNumber]),
            (VerifyTests.record("A B", "M", "2000-02-01", "123456789", nationality: "xyz"), [.nationalityUnknown]),
            (VerifyTests.record("A B", "M", "2000-02-01", "000200123456"), [.unknownProvince]),
        ])
    func hints(_ pair: (TypedItems, [Hint])) {
        var normaliser = NameNormaliser()
        let items = ReadItems(pair.0, normaliser: &normaliser)
        let outcome = VerifyTests.decide(pair.0).judgement.outcome
        #expect(Hint.hints(for: items, idKind: pair.0.idKind, outcome: outcome) == pair.1)
    }

    @Test("AUT-17 the same record has the same hints, whether the register knows its number or not")
    func hintsIgnoreTheRegister() {
        let typed = VerifyTests.record("Nguyễn Văn Ân", "F", "1986-09-05")
        var normaliser = NameNormaliser()
        let items = ReadItems(typed, normaliser: &normaliser)
        let known = VerifyTests.decide(typed)
        let unknown = TestRegister().decide(typed)
        #expect(known.judgement == unknown.judgement)
        #expect(known.differences != unknown.differences)
        #expect(
            Hint.hints(for: items, idKind: "", outcome: known.judgement.outcome)
                == Hint.hints(for: items, idKind: "", outcome: unknown.judgement.outcome))
    }

    @Test("MAT-06 a personal id in an exempt record is a hint, a right record has none")
    func hintsOfTheOthers() {
        var normaliser = NameNormaliser()
        let exempt = ReadItems(VerifyTests.record(nationality: "US"), normaliser: &normaliser)
        #expect(Hint.hints(for: exempt, idKind: "", outcome: .exempt) == [.exemptWithPersonalID])
        #expect(Hint.hints(for: exempt, idKind: "", outcome: .right).isEmpty)
    }
}
