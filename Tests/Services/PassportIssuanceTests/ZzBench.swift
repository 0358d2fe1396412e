import Foundation
import Messaging
import RecordModel
import Storage
import TestSupport
import Testing

@testable import PassportIssuance

@Suite struct ZzBench {
    @Test func rates() throws {
        try TestPostgres.shared().withDatabase(migrations: TestIssuance.migrations) { (database: Database) throws in
            let issuance = try TestIssuance(database)
            let n: UInt64 = 100_000
            func scattered(_ i: UInt64) -> UInt64 { i &* 0x9E37_79B9_7F4A_7C15 }
            var groups: [[InboundMessage]] = [[], [], [], []]
            for i in 0..<n {
                var r = Sample.record(i)
                r.doseID = DoseID(high: scattered(i), low: i)
                r.sourceRecordID = "R\(i)"
                let m = Sample.complete(r, PersonKey(high: scattered(i ^ 0x5555), low: i))
                for k in 0..<4 { groups[k].append(m[k]) }
            }
            for k in 0..<4 {
                let t = Date()
                let c = clock()
                for s in stride(from: 0, to: groups[k].count, by: 2000) {
                    try issuance.take(Array(groups[k][s..<min(s + 2000, groups[k].count)]))
                }
                print(
                    "facts", k, Date().timeIntervalSince(t) / Double(n) * 1e6, "us wall",
                    Double(clock() - c) / Double(n), "us own CPU")
            }
            let t = Date()
            let c = clock()
            try issuance.run()
            print(
                "run", Date().timeIntervalSince(t) / Double(n) * 1e6, "us wall", Double(clock() - c) / Double(n),
                "us own CPU")
            let size = try database.withConnection { s in
                try s.query(
                    "SELECT pg_total_relation_size('dose')::int8/100000, pg_table_size('dose')::int8/100000, pg_total_relation_size('passport')::int8/100000"
                ) { ($0.int8(0), $0.int8(1), $0.int8(2)) }
            }
            print("bytes per dose", size)
            let hot = try database.withConnection { s in
                try s.query(
                    "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname='dose' AND schemaname=current_schema()"
                ) { ($0.int8(0), $0.int8(1)) }
            }
            print("updates hot", hot)
        }
    }
}
