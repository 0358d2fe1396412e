import Foundation
import RecordModel
import Tabular
import Testing

@testable import IdentityMatching

/// Streams of `dose-replay generate`, whose `truth.csv` says of every row what the official check must answer.
///
/// TIEMCHUNG_GENERATED=DIR[:DIR…] names folders that the command has written, for any seeds and rates; each row is judged by
/// itself, older versions and duplicates too. Where two errors undo each other, or one leaves what the rules read as the
/// same (Ð for Đ), the generator's word is not the truth: there the words of §0 (`ReferenceRule`) decide, and such rows must
/// be few.
@Suite("Generated streams", .enabled(if: ProcessInfo.processInfo.environment["TIEMCHUNG_GENERATED"] != nil))
struct GeneratedStreamTests {
    static let folders = (ProcessInfo.processInfo.environment["TIEMCHUNG_GENERATED"] ?? "").split(separator: ":")
        .map(String.init)

    @Test("MAT-03 MAT-08 no false right and no false wrong on a generated stream", arguments: folders)
    func truth(_ folder: String) throws {
        let (register, reference) = try Self.register(folder + "/register.csv")
        let truths = try Self.truths(folder + "/truth.csv")
        var verify = Verify()
        var row = 0
        var differing: [String] = []
        var undone = 0
        let schema = TabularSchema(columns: Submission.columns, required: ["facility_code", "source_record_id"])
        try readTabularFile(path: folder + "/doses.csv", format: .csv, schema: schema) { result in
            defer { row += 1 }
            let truth = truths[row]
            let dose = try result.get()
            #expect(dose["facility_code"] == truth.facility && dose["source_record_id"] == truth.record)
            if truth.outcome == "refused" { return }
            let typed = TypedItems(
                identity: TypedIdentity(
                    fullName: dose["full_name"], sex: dose["sex"], dateOfBirth: dose["date_of_birth"],
                    idNumber: dose["id_number"]), nationality: dose["nationality"], idKind: dose["id_kind"])
            let decision = register.decide(verify.read(typed), by: &verify).judgement
            let said = decision.outcome == .cannotVerify ? decision.group.label : decision.outcome.label
            guard said != truth.outcome else { return }
            let words = reference.answer(
                ReferenceRule.Record(
                    name: dose["full_name"], sex: dose["sex"], birthDate: dose["date_of_birth"],
                    number: dose["id_number"], nationality: dose["nationality"]))
            if truth.outcome != "exempt", words == "\(decision.outcome.label) \(decision.group.label)" {
                undone += 1
            } else {
                differing.append("\(truth.record): \(said), is \(truth.outcome) (\(truth.errors))")
            }
        }
        #expect(row == truths.count && row > 1_000)
        #expect(differing.isEmpty, "\(differing.count) of \(row): \(differing.prefix(10))")
        #expect(undone * 1_000 <= row, "\(undone) of \(row) rows are not what the generator says")
    }

    private static func register(_ path: String) throws -> (TestRegister, ReferenceRule) {
        var normaliser = NameNormaliser()
        var persons: [TestRegister.Person] = []
        var held: [ReferenceRule.Person] = []
        try readTabularFile(path: path, format: .csv, schema: RegisterRow.schema) { row in
            let row = try row.get()
            let person = try RegisterRow(row, normaliser: &normaliser)
            held.append(
                ReferenceRule.Person(
                    personalID: row[0], oldID: row[1], name: row[2], sex: row[3], birthDate: row[4]))
            persons.append(
                TestRegister.Person(
                    personalID: person.personalID, oldID: person.oldID, name: person.name, sex: person.sex,
                    birthDate: person.birthDate))
        }
        return (TestRegister(persons), ReferenceRule(held))
    }

    private struct Truth {
        let facility: String
        let record: String
        let errors: String
        let outcome: String
    }

    private static func truths(_ path: String) throws -> [Truth] {
        let schema = TabularSchema(
            columns: ["facility_code", "source_record_id", "errors", "outcome"],
            required: ["facility_code", "source_record_id", "errors", "outcome"])
        var truths: [Truth] = []
        try readTabularFile(path: path, format: .csv, schema: schema) { result in
            let row = try result.get()
            truths.append(
                Truth(
                    facility: row["facility_code"], record: row["source_record_id"], errors: row["errors"],
                    outcome: row["outcome"]))
        }
        return truths
    }
}
