import Observability
import RecordModel
import Storage
import Web

/// What Intake has counted; each row once, however often it was delivered.
struct IntakeCounts: Sendable, Hashable {
    var created: Int64 = 0
    var amended: Int64 = 0
    var late: Int64 = 0
    var duplicates: Int64 = 0
    var refused: Int64 = 0
    var withdrawn: Int64 = 0
    var corrections: Int64 = 0
    var units: Int64 = 0

    init(in transaction: Transaction) throws {
        let sums = try transaction.query(
            """
            SELECT coalesce(sum(created), 0)::bigint, coalesce(sum(amended), 0)::bigint,
                coalesce(sum(late), 0)::bigint, coalesce(sum(duplicates), 0)::bigint,
                coalesce(sum(refused), 0)::bigint, coalesce(sum(withdrawn), 0)::bigint,
                coalesce(sum(corrections), 0)::bigint, (SELECT count(*) FROM unit)
            FROM intake_count
            """
        ) { row in (0..<8).map { row.int8($0) } }[0]
        (created, amended, late, duplicates) = (sums[0], sums[1], sums[2], sums[3])
        (refused, withdrawn, corrections, units) = (sums[4], sums[5], sums[6], sums[7])
    }

    /// By name. `accepted` are rows, `entered` are records, those that were taken back (`withdrawn`) among them: matching
    /// judges them too, so that entered = right + wrong + cannot verify + exempt + not yet verified (REP-09).
    var named: [(String, Int64)] {
        [
            ("accepted", created + amended + late), ("rejected", refused), ("duplicates", duplicates),
            ("created", created), ("amended", amended), ("late", late), ("records", created),
            ("withdrawn", withdrawn), ("entered", created), ("corrections", corrections), ("units", units),
        ]
    }
}

struct CountRoute: Sendable {
    let database: Database

    var routes: [Route] {
        [
            Route(
                .get, "/v1/counts",
                roles: [.operator, .mohIT, .preventiveMedicine, .healthDepartment, .cdc],
                summary: "Rows and records by what became of them.", response: "IntakeCounts", handler: get)
        ]
    }

    private func get(_ request: Request) async throws -> Response {
        let counts = try await database.asyncTransaction { try IntakeCounts(in: $0) }
        return .json { json in for (name, value) in counts.named { json.member(name, value) } }
    }
}
