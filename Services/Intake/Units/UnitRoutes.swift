import Observability
import RecordModel
import ServiceRuntime
import Storage
import Tabular
import Web

/// The list of units over HTTP: load and change, read.
struct UnitRoutes: Sendable {
    let database: Database
    let clock: any WallClock
    let log: Log

    var routes: [Route] {
        [
            Route(
                .put, "/v1/units", roles: [.mohIT, .operator],
                summary: "Loads units or changes them; units that are not named stay. All rows or none.",
                request: .table("Units", columns: UnitReading.schema.columns), response: "UnitLoad",
                maxBody: 256 << 20, handler: put),
            Route(
                .get, "/v1/units", roles: .everyone, summary: "The list of units, sorted by code.",
                response: .csv("Units", columns: UnitReading.schema.columns), handler: get),
        ]
    }

    private func put(_ request: Request) async throws -> Response {
        let format = try BodyFormat.of(request)
        let load = try await request.body.blocking { body in
            var reading = UnitReading(format: format)
            let units: [UnitRecord]
            do {
                while let chunk = try body.next() { try reading.feed(chunk) }
                units = try reading.finish()
            } catch let error as TabularError {
                throw Problem.unreadable(error)
            } catch let refused as UnitListRefused {
                throw Problem.unprocessable(
                    refused.faults.map { (name: "line \($0.line): \($0.field)", rule: $0.rule) },
                    detail: "no unit was changed")
            }
            return try database.transaction { try UnitTable.load(units, at: clock.now(), in: $0) }
        }
        log.info(
            "units loaded",
            ["rows": .int(load.rows), "created": .int(load.created), "changed": .int(load.changed)])
        return .json {
            $0.member("rows", load.rows)
            $0.member("created", load.created)
            $0.member("changed", load.changed)
            $0.member("unchanged", load.unchanged)
        }
    }

    private func get(_ request: Request) async throws -> Response {
        .stream("text/csv; charset=utf-8") { writer in
            var csv = CSVWriter(columns: UnitReading.schema.columns)
            try await database.stream(
                "SELECT unit FROM unit ORDER BY unit_code COLLATE \"C\"", row: { try UnitTable.read($0.bytes(0)) }
            ) { units in
                for unit in units {
                    csv.row([
                        unit.code, unit.name, unit.kind.rawValue, unit.parentCode, unit.provinceCode,
                        unit.districtCode, unit.communeCode, unit.headName,
                    ])
                }
                try await writer.write(csv.take())
            }
            try await writer.write(csv.take())
        }
    }
}
