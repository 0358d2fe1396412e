/// `dose-replay generate`: units.csv, register.csv, doses.csv (or doses.ndjson) and truth.csv from a seed.
/// Files are streamed: memory does not grow with their length.
import Glibc
import Observability
import RecordModel
import Tabular

struct Generation {
    enum Format: String {
        case csv
        case ndjson
    }

    var seed: UInt64 = 1
    var doses = 10_000
    /// People of the register; nil takes as many as the doses need and a tenth more.
    var persons: Int?
    var directory = "."
    var format = Format.csv
    var errors = ErrorRates.april2022

    struct Summary {
        var units = 0
        var persons = 0
        var rows = 0
        var outcomes: [String: Int] = [:]
    }

    var personCount: Int { persons ?? max(400, doses * 10 / DoseStream.dosesPerTenPersons * 11 / 10) }

    enum Problem: Error, CustomStringConvertible {
        case tooFewPersons(rows: Int, persons: Int)
        var description: String {
            switch self {
            case .tooFewPersons(let rows, let persons):
                "\(persons) người chỉ đủ cho \(rows) dòng; hãy tăng --persons"
                    + " / \(persons) persons suffice for \(rows) rows only; raise --persons"
            }
        }
    }

    func run() throws -> Summary {
        guard mkdir(directory, 0o755) == 0 || errno == EEXIST else { throw FileFailure(directory, "create") }
        let geography = Geography(seed: seed, persons: personCount)
        let population = Population(seed: seed, count: personCount, geography: geography)
        var summary = Summary(units: geography.units.count, persons: personCount)
        try writeUnits(geography)
        try writeRegister(population)
        try writeDoses(population, &summary)
        return summary
    }

    private func file(_ name: String) throws -> OutputFile { try OutputFile(directory + "/" + name) }

    private func writeUnits(_ geography: Geography) throws {
        let out = try file("units.csv")
        var csv = CSVWriter(columns: [
            "unit_code", "name", "kind", "parent_code", "province_code", "district_code", "commune_code", "head_name",
        ])
        for unit in geography.units {
            csv.row([
                unit.code, unit.name, unit.kind.rawValue, unit.parentCode, unit.provinceCode, unit.districtCode,
                unit.communeCode, unit.headName,
            ])
            try out.write(csv.take())
        }
        try out.finish()
    }

    private func writeRegister(_ population: Population) throws {
        let out = try file("register.csv")
        var csv = CSVWriter(columns: [
            "personal_id", "old_id", "full_name", "sex", "date_of_birth", "residence_commune",
        ])
        for index in 0..<population.count {
            let person = population.person(index)
            csv.row([
                person.personalID, person.oldID, person.name.text, person.sex.letter, person.birth.iso,
                population.geography.communes[person.commune].code,
            ])
            try out.write(csv.take())
        }
        try out.finish()
    }

    private func writeDoses(_ population: Population, _ summary: inout Summary) throws {
        let out = try file(format == .csv ? "doses.csv" : "doses.ndjson")
        let truth = try file("truth.csv")
        var csv = CSVWriter(columns: format == .csv ? Submission.columns : [])
        var json = JSONWriter()
        var known = CSVWriter(columns: Truth.columns)
        var stream = DoseStream(population: population, rows: doses, errors: errors)
        while let row = stream.next() {
            let values = row.submission.values
            switch format {
            case .csv:
                csv.row(values)
                try out.write(csv.take())
            case .ndjson:
                json.object { object in
                    for (index, name) in Submission.columns.enumerated() where !values[index].isEmpty {
                        object.member(name, values[index])
                    }
                }
                json.raw(0x0A)
                try out.write(json.take())
            }
            known.row([
                row.submission.facilityCode, row.submission.sourceRecordID, row.submission.enteredAt,
                row.truth.personalID, row.truth.errors.joined(separator: ";"), row.truth.outcome.rawValue,
                row.truth.kind,
            ])
            try truth.write(known.take())
            summary.rows += 1
            summary.outcomes[row.truth.outcome.rawValue, default: 0] += 1
        }
        guard summary.rows == doses else { throw Problem.tooFewPersons(rows: summary.rows, persons: population.count) }
        try out.finish()
        try truth.finish()
    }
}
