/// Where a replay stands, kept in a file, so that one that was stopped goes on and does not begin anew.
import Foundation

struct ResumeState: Codable, Equatable {
    /// The file's name, length and a digest of its first and last 64 KiB: another file is not resumed.
    var file: String
    var fingerprint: String
    /// Every row up to this one has been committed by Intake.
    var confirmedThrough: Int

    enum Problem: Error, CustomStringConvertible {
        case otherFile(String)
        case unreadable(String)

        var description: String {
            switch self {
            case .otherFile(let path):
                "\(path) thuộc về một tệp khác; xóa nó để phát lại từ đầu"
                    + " / belongs to another file; delete it to begin anew"
            case .unreadable(let path): "\(path): không đọc được trạng thái / the state cannot be read"
            }
        }
    }

    /// The state for a file: that of an earlier run, or the beginning.
    static func load(_ path: String, for file: String) throws -> ResumeState {
        let fingerprint = try Self.fingerprint(of: file)
        guard let data = FileManager.default.contents(atPath: path), !data.isEmpty else {
            return ResumeState(file: file, fingerprint: fingerprint, confirmedThrough: 0)
        }
        guard let state = try? JSONDecoder().decode(ResumeState.self, from: data) else {
            throw Problem.unreadable(path)
        }
        guard state.fingerprint == fingerprint else { throw Problem.otherFile(path) }
        return state
    }

    func save(_ path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        try encoder.encode(self).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    /// Length and FNV-1a of both ends: enough to tell two streams apart by mistake, cheap on a file of any length.
    static func fingerprint(of path: String) throws -> String {
        let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? handle.close() }
        let length = try handle.seekToEnd()
        var digest: UInt64 = 0xcbf2_9ce4_8422_2325
        for start in [0, length > 65_536 ? length - 65_536 : 0] as [UInt64] {
            try handle.seek(toOffset: start)
            for byte in try handle.read(upToCount: 65_536) ?? Data() {
                digest = (digest ^ UInt64(byte)) &* 0x100_0000_01b3
            }
        }
        return "\(length)-\(String(digest, radix: 16))"
    }
}
