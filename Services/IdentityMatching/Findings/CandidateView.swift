import Observability
import RecordModel
import Storage

/// Persons of the register as a police unit may see them.
///
/// A candidate who is registered outside the asking unit's territory is shown as `outside` and nothing else: not the
/// number, not the name, not the place (AUT-16, AUT-17). That somebody is there, and at which place in the order, is told:
/// the unit then knows that the record is to be forwarded, and to whom is known to the unit above it.
struct CandidateView {
    let territory: Territory
    /// Whether values are masked, as in lists.
    let isMasked: Bool
    /// The personal numbers of those that were shown, one for each time.
    private(set) var shown: [String] = []
    /// How many were kept back.
    private(set) var outside = 0

    init(territory: Territory, isMasked: Bool) {
        self.territory = territory
        self.isMasked = isMasked
    }

    mutating func write(_ candidates: [SuggestedPerson], strength: Strength, to json: inout JSONWriter) {
        json.member("strength", strength.label)
        json.array("candidates") { json in
            for (index, candidate) in candidates.enumerated() { write(candidate, rank: index + 1, to: &json) }
        }
    }

    private mutating func write(_ candidate: SuggestedPerson, rank: Int, to json: inout JSONWriter) {
        guard territory.holds(commune: candidate.residenceCommune) else {
            outside += 1
            json.object { json in
                json.member("rank", rank)
                json.member("outside", true)
            }
            return
        }
        shown.append(candidate.personalID)
        json.object { json in
            json.member("rank", rank)
            json.member("outside", false)
            json.member("personal_id", isMasked ? Masking.number(candidate.personalID) : candidate.personalID)
            json.member("old_id", isMasked ? Masking.number(candidate.oldID) : candidate.oldID)
            json.member("full_name", isMasked ? Masking.name(candidate.fullName) : candidate.fullName)
            json.member("sex", candidate.sex)
            json.member("date_of_birth", isMasked ? Masking.birthDate(candidate.birthDate) : candidate.birthDate)
            json.member("residence_commune", candidate.residenceCommune)
            json.member("weight", Self.rounded(candidate.weight))
            if !isMasked, !candidate.fields.isEmpty { Self.write(candidate.fields, to: &json) }
        }
    }

    private static func write(_ fields: [FieldEvidence], to json: inout JSONWriter) {
        json.array("fields") { json in
            for field in fields {
                json.object { json in
                    json.member("field", field.field)
                    json.member("level", field.level)
                    json.member("weight", rounded(field.weight))
                    json.member("reason", field.reason)
                    json.member("evidence", field.evidence)
                }
            }
        }
    }

    private static func rounded(_ weight: Double) -> Double { (weight * 100).rounded() / 100 }
}

/// The registered items of persons who are known by number: for findings whose candidates were stored.
enum CandidatePersons {
    /// The persons of one generation by personal id; those that it does not hold are absent.
    static func find(_ ids: Set<Int64>, of generation: Int32, in session: some SQLSession) throws
        -> [Int64: SuggestedPerson]
    {
        if ids.isEmpty { return [:] }
        let found = try session.query(
            """
            SELECT p.personal_id, p.old_id, p.full_name, p.female, p.date_of_birth, p.residence_commune
            FROM unnest($1::int8[]) AS n (id) JOIN \(RegisterTables.table(of: generation)) p ON p.personal_id = n.id
            """, [.int8s(ids.sorted())]
        ) { row in
            let person = SuggestedPerson(
                personalID: IDNumber.text(ofPersonalID: row.int8(0)),
                oldID: row.optionalInt4(1).map { IDNumber.text(ofOldID: $0) } ?? "", fullName: row.text(2),
                sex: row.bool(3) ? "F" : "M", birthDate: row.date(4).iso, residenceCommune: row.text(5), weight: 0,
                fields: [])
            return (row.int8(0), person)
        }
        return Dictionary(found, uniquingKeysWith: { first, _ in first })
    }

    /// Stored candidates with what the register says of them, in their order.
    static func described(_ candidates: Candidates?, by persons: [Int64: SuggestedPerson]) -> [SuggestedPerson] {
        (candidates?.persons ?? []).compactMap { candidate in
            guard var person = persons[candidate.personalID] else { return nil }
            person.weight = Double(candidate.weight)
            return person
        }
    }
}
