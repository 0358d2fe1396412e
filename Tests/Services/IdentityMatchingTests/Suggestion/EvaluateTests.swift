import Foundation
import Observability
import Synchronization
import Testing

@testable import IdentityMatching

@Suite("evaluate")
struct EvaluateTests {
    @Test("plain files in, pairs out: any identifiers, absent items, rows in the order of the records")
    func files() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove(["register.csv", "doses.csv", "pairs.csv", "r.index"]) }
        func path(_ name: String) -> String { folder.path + "/" + name }
        let register =
            "residence_commune,personal_id,full_name,date_of_birth,ignored\n"
            + ",A-17,Lê Thị Hoa,1980-02-03,x\n,B-18,Trần Văn Nam,,\n,079187012345,Phạm Minh Đức,1987-05-06,\n"
        let doses =
            "facility_code,source_record_id,full_name,sex,date_of_birth,id_number\n"
            + "F2,9,Phạm Minh Đức,M,06/05/1987,079187012354\nF1,1,le thi hoa,,3/2/1980,\nF1,2,,,,\n"
        try register.write(toFile: path("register.csv"), atomically: true, encoding: .utf8)
        try doses.write(toFile: path("doses.csv"), atomically: true, encoding: .utf8)
        let log = Log(service: "test", level: .error, sink: { _ in })
        try EvaluateCommand.withIndex(of: path("register.csv"), keptAt: path("r.index"), log) { index in
            let output = try PairOutput(path("pairs.csv"))
            let unreadable = try EvaluateCommand.evaluate(
                CandidateSearch(index: index), path("doses.csv"), into: output, log)
            #expect(unreadable == 0)
        }
        let lines = try String(contentsOfFile: path("pairs.csv"), encoding: .utf8).split(separator: "\n").map(
            String.init)
        #expect(lines.first == "facility_code,source_record_id,rank,personal_id,weight,strength")
        #expect(lines.contains { $0.hasPrefix("F2,9,1,079187012345,") })
        #expect(lines.contains { $0.hasPrefix("F1,1,1,A-17,") })
        #expect(!lines.contains { $0.hasPrefix("F1,2,") })
        #expect(
            try #require(lines.firstIndex { $0.hasPrefix("F2,9,") })
                < (try #require(lines.firstIndex { $0.hasPrefix("F1,1,") })))
    }

    @Test("a register of nobody and a file that is not there are refused")
    func refused() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove(["register.csv", "r.index"]) }
        let path = folder.path + "/register.csv"
        try "personal_id,full_name\n".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(throws: IndexError.empty) { try RegisterFile.makeIndex(of: path, at: folder.path + "/r.index") }
        #expect(throws: (any Error).self) {
            try RegisterFile.makeIndex(of: folder.path + "/none.csv", at: folder.path + "/r.index")
        }
    }

    @Test("files of other people: marks, line ends, quotes, rows of one number, rows that are broken")
    func otherPeoplesFiles() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove(["register.csv", "doses.csv", "pairs.csv", "r.index"]) }
        func path(_ name: String) -> String { folder.path + "/" + name }
        let register =
            "\u{FEFF}\"date_of_birth\",full_name,\"personal_id\"\r\n"
            + "12/25/1990,\"Lê, Thị \"\"Hoa\"\"\",X-é1\r\n25.12.1990,Trần Văn Nam,X-é2\r\n1,2\r\n"
            + "25-Dec-1990,Trần Văn Nam,X-é2\r\n33232,Phạm Minh Đức,\r\n,Ngô Đình Khôi,007\r\n"
        let doses =
            "id_number,date_of_birth,source_record_id,full_name\r\nx é2,,1,Tran Van Nam\r\n"
            + ",\"1990-12-25\",\"2\",\"Lê Thị Hoa\"\r\na,b,\"3\"x\r\nx,1990,4,Ngô Đình Khôi\r\n"
            + "007,,5,Ngô Đình Khôi\r\n"
        try register.write(toFile: path("register.csv"), atomically: true, encoding: .utf8)
        try doses.write(toFile: path("doses.csv"), atomically: true, encoding: .utf8)
        let lines = Mutex<[String]>([])
        let log = Log(
            service: "test", level: .warning,
            sink: { line in lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } })
        try EvaluateCommand.withIndex(of: path("register.csv"), keptAt: path("r.index"), log) { index in
            #expect(index.count == 5)
            let unreadable = try EvaluateCommand.evaluate(
                CandidateSearch(index: index), path("doses.csv"), into: try PairOutput(path("pairs.csv")), log)
            #expect(unreadable == 1)
        }
        let pairs = try String(contentsOfFile: path("pairs.csv"), encoding: .utf8).split(separator: "\n")
        #expect(pairs.contains { $0.hasPrefix(",1,1,X-é2,") } && pairs.contains { $0.hasPrefix(",2,1,X-é1,") })
        #expect(pairs.filter { $0.contains("X-é2") && $0.hasPrefix(",1,") }.count == 1)
        #expect(pairs.contains { $0.hasPrefix(",5,1,007,") })
        let named = lines.withLock { $0 }
        #expect(named.count == 2)
        #expect(named[0].contains("field-count") && named[0].contains("\"line\":4") && named[0].contains("register"))
        #expect(named[1].contains("text-after-quote") && named[1].contains("records"))
    }
}
