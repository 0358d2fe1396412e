import Cryptography
import RecordModel
import Testing

@testable import PassportIssuance

@Suite struct StandingTests {
    let record = Sample.record(1)

    @Test("PAS-03 only a signed dose, verified right, of a known person counts")
    func counted() {
        let all = Sample.complete(record, Sample.person(1))
        #expect(DoseStanding.of(Sample.facts(all)) == .counted)
        let missing: [DoseStanding] = [.recordAwaited, .verdictAwaited, .personAwaited, .notSigned]
        for (index, expected) in missing.enumerated() {
            var some = all
            some.remove(at: index)
            #expect(DoseStanding.of(Sample.facts(some)) == expected)
        }
    }

    @Test("PAS-03 the order of arrival does not matter")
    func order() {
        for messages in permutations(Sample.complete(record, Sample.person(1))) {
            #expect(DoseStanding.of(Sample.facts(messages)) == .counted)
        }
    }

    @Test("PAS-03 wrong, withdrawn, stale and minutes do not count (MIN-04)")
    func others() {
        let all = Sample.complete(record, Sample.person(1))
        let wrong = Sample.message(Sample.verdict(record, assessment: 2, .wrong))
        #expect(DoseStanding.of(Sample.facts(all + [wrong])) == .notRight(.wrong))
        let nobody = Sample.message(Sample.link(record, assessment: 2, nil))
        #expect(DoseStanding.of(Sample.facts(all + [nobody])) == .ofNobody)
        let stale = Sample.message(Sample.attested(record, revision: 2, .stale))
        #expect(DoseStanding.of(Sample.facts(all + [stale])) == .stale)
        let minutes = Sample.message(Sample.attested(record, revision: 2, .minutes))
        #expect(DoseStanding.of(Sample.facts(all + [minutes])) == .minutesOnly)
        let withdrawn = Sample.message(Sample.record(1, version: 2, status: .withdrawn))
        #expect(DoseStanding.of(Sample.facts(all + [withdrawn])) == .withdrawn)
    }

    @Test("an older verdict, person or attestation changes nothing")
    func older() {
        let newer = [
            Sample.message(Sample.record(1, version: 2, phone: "1")),
            Sample.message(Sample.verdict(Sample.record(1, version: 2), assessment: 5)),
            Sample.message(Sample.link(Sample.record(1, version: 2), assessment: 5, Sample.person(1))),
            Sample.message(Sample.attested(Sample.record(1, version: 2), revision: 3)),
        ]
        let late = [
            Sample.message(record), Sample.message(Sample.verdict(record, assessment: 9, .wrong)),
            Sample.message(Sample.link(record, assessment: 9, nil)),
            Sample.message(Sample.attested(record, revision: 2, .stale)),
        ]
        #expect(DoseStanding.of(Sample.facts(newer + late)) == DoseStanding.of(Sample.facts(newer)))
        #expect(DoseStanding.of(Sample.facts(late + newer)) == .counted)
    }

    @Test("a changed phone number leaves the signature alone, a changed lot does not")
    func amended() {
        let all = Sample.complete(record, Sample.person(1))
        let phone = Sample.message(Sample.record(1, version: 2, phone: "0901"))
        #expect(DoseStanding.of(Sample.facts(all + [phone])) == .counted)
        let lot = Sample.message(Sample.record(1, version: 2, lot: "L2"))
        #expect(DoseStanding.of(Sample.facts(all + [lot])) == .changedSinceSigning)
        #expect(DoseStanding.of(Sample.facts([lot] + all)) == .changedSinceSigning)
        let back = Sample.message(Sample.record(1, version: 3))
        #expect(DoseStanding.of(Sample.facts(all + [lot, back])) == .counted)
    }

    @Test("what was signed must be what the record says")
    func digest() {
        var attested = Sample.attested(record)
        attested.contentSHA256[0] ^= 1
        let facts = Sample.facts(
            Array(Sample.complete(record, Sample.person(1)).dropLast()) + [Sample.message(attested)])
        #expect(DoseStanding.of(facts) == .digestDiffers)
    }
}

@Suite struct LineTests {
    func line(_ records: DoseRecord...) throws -> VaccinationLine {
        VaccinationLine(try records.map { try Sample.lineDose($0) })
    }

    @Test("the newest dose is shown, whatever facility gave it")
    func newest() throws {
        let line = try line(
            Sample.record(2, dose: 2, on: "2022-02-10"), Sample.record(1, dose: 1, on: "2022-01-10"),
            Sample.record(3, dose: 3, on: "2022-04-10"))
        #expect(line.contradiction == nil)
        #expect(line.newest?.doseID == Sample.dose(3))
    }

    @Test("contradictions: two of one number, order of numbers and dates, under 14 days")
    func contradictions() throws {
        #expect(
            try line(Sample.record(1, on: "2022-01-10"), Sample.record(2, on: "2022-03-10")).contradiction
                == .sameNumber)
        #expect(
            try line(Sample.record(1, dose: 2, on: "2022-01-10"), Sample.record(2, dose: 1, on: "2022-03-10"))
                .contradiction == .order)
        #expect(
            try line(Sample.record(1, dose: 1, on: "2022-01-10"), Sample.record(2, dose: 2, on: "2022-01-23"))
                .contradiction == .tooClose)
        #expect(
            try line(Sample.record(1, dose: 1, on: "2022-01-10"), Sample.record(2, dose: 2, on: "2022-01-24"))
                .contradiction == nil)
        #expect(
            try line(Sample.record(1, dose: 1, on: "2022-01-10"), Sample.record(2, dose: 3, on: "2022-04-10"))
                .contradiction == nil)
    }

    @Test("PAS-04 dn and sd as passport-format.md §2.3")
    func series() throws {
        let cases: [([(Int32, String)], Int)] = [
            ([(1, "Comirnaty")], 2), ([(1, "Comirnaty"), (2, "Comirnaty")], 2),
            ([(1, "Vaxzevria"), (2, "Vaxzevria"), (3, "Comirnaty")], 3),
            ([(1, "Comirnaty"), (2, "Comirnaty"), (3, "Comirnaty"), (4, "Comirnaty")], 4), ([(1, "Janssen")], 1),
            ([(1, "Janssen"), (2, "Comirnaty")], 1), ([(1, "Janssen"), (2, "Comirnaty"), (3, "Comirnaty")], 1),
            ([(1, "Comirnaty"), (2, "Comirnaty"), (3, "Janssen")], 3), ([(1, "Abdala"), (2, "Abdala")], 3),
            ([(3, "Abdala")], 3), ([(4, "Abdala")], 4), ([(2, "Comirnaty")], 2), ([(3, "Comirnaty")], 3),
        ]
        for (doses, expected) in cases {
            let line = VaccinationLine(
                try doses.enumerated().map { index, dose in
                    try Sample.lineDose(
                        Sample.record(
                            UInt64(index), dose: dose.0, on: "2022-0\(index + 1)-10", vaccine: dose.1))
                })
            let newest = try #require(line.newest)
            #expect(line.seriesDoses(of: newest) == expected)
            #expect(newest.face.doseNumber == Int(doses.last!.0))
        }
    }
}

@Suite struct FaceTests {
    @Test("PAS-04 names, dates and codes of a record")
    func face() throws {
        let face = try PassportFace(Sample.record(1, name: "  đặng  thị tường vi ", born: " 7/5/1990"))
        #expect(face.familyName == "đặng")
        #expect(face.givenName == "thị tường vi")
        #expect(face.dateOfBirth.iso == "1990-05-07")
        #expect(face.country == "VN")
        #expect(face.vaccine.mp == "EU/1/20/1528")
        #expect(try PassportFace(Sample.record(1, country: "Germany")).country == "DE")
        let one = try PassportFace(Sample.record(1, name: "Vi"))
        #expect(one.familyName == "Vi")
        #expect(one.givenName == "")
    }

    @Test("what cannot be written is said")
    func problems() {
        #expect(throws: PassportFace.Problem.name) { try PassportFace(Sample.record(1, name: "王")) }
        #expect(throws: PassportFace.Problem.dateOfBirth) { try PassportFace(Sample.record(1, born: "1990")) }
        #expect(throws: PassportFace.Problem.dateOfBirth) { try PassportFace(Sample.record(1, born: "05/17/1990")) }
        #expect(throws: PassportFace.Problem.vaccine) { try PassportFace(Sample.record(1, vaccine: "X")) }
        #expect(throws: PassportFace.Problem.injectedOn) { try PassportFace(Sample.record(1, on: "2022-02-30")) }
        #expect(throws: PassportFace.Problem.doseNumber) { try PassportFace(Sample.record(1, dose: 0)) }
        #expect(throws: PassportFace.Problem.country) { try PassportFace(Sample.record(1, country: "Nowhere")) }
    }

    @Test(
        "typed dates, day first",
        arguments: [
            ("1990-05-17", "1990-05-17"), ("17/05/1990", "1990-05-17"), ("7/5/1990", "1990-05-07"),
            (" 17/05/1990\u{200B}", "1990-05-17"), ("１７/０５/１９９０", "1990-05-17"),
        ])
    func dates(typed: String, iso: String) { #expect(TypedDate.read(typed)?.iso == iso) }

    @Test("no dates", arguments: ["", "1990", "05/17/1990", "31/02/2020", "17-05-1990", "17/05/90", "x", "1/2/3/4"])
    func noDates(typed: String) { #expect(TypedDate.read(typed) == nil) }

    @Test("PAS-04 twelve months to the day, never beyond the signer")
    func validity() {
        let end = Validity.end(issuedAt: 1_651_399_200, signerEnds: .max)
        #expect(Instant(microseconds: end * 1_000_000).rfc3339 == "2023-05-01T10:00:00Z")
        let leap = Instant(rfc3339: "2024-02-29T03:00:00Z")!.microseconds / 1_000_000
        #expect(
            Instant(microseconds: Validity.end(issuedAt: leap, signerEnds: .max) * 1_000_000).rfc3339
                == "2025-02-28T03:00:00Z")
        #expect(Validity.end(issuedAt: 1_651_399_200, signerEnds: 1_651_400_000) == 1_651_400_000)
    }

    @Test("certificate identifiers are random, in upper case")
    func numbers() {
        let uvci = CertificateNumber.new().uvci
        #expect(uvci.hasPrefix("URN:UVCI:01:VN:"))
        #expect(uvci.count == 47)
        #expect(uvci.dropFirst(15).allSatisfy { "0123456789ABCDEF".contains($0) })
        #expect(CertificateNumber.new() != CertificateNumber.new())
    }
}

/// All orders of a few elements.
func permutations<Element>(_ elements: [Element]) -> [[Element]] {
    guard elements.count > 1 else { return [elements] }
    return elements.indices.flatMap { index -> [[Element]] in
        var rest = elements
        let first = rest.remove(at: index)
        return permutations(rest).map { [first] + $0 }
    }
}
