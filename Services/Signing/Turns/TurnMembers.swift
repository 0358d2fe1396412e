import RecordModel

/// The stored form of a turn's members: 64 bytes each (person key, subject, content digest), in the manifest's order.
enum TurnMembers {
    private static let width = 64

    static func bytes(_ members: [TurnMember]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(members.count * width)
        for member in members {
            bytes.append(contentsOf: member.personKey.bytes)
            bytes.append(contentsOf: member.subjectID.bytes)
            bytes.append(contentsOf: member.content)
        }
        return bytes
    }

    /// The doses of a turn; nil where the bytes are not those of so many lines.
    static func doses(_ bytes: [UInt8], lines: [ManifestLine]) -> [TurnDose]? {
        guard bytes.count == lines.count * width else { return nil }
        var doses: [TurnDose] = []
        doses.reserveCapacity(lines.count)
        for (index, line) in lines.enumerated() {
            let start = index * width
            guard let personKey = PersonKey(bytes: bytes[start..<(start + 16)]),
                let subjectID = SubjectID(bytes: bytes[(start + 16)..<(start + 32)])
            else { return nil }
            doses.append(
                TurnDose(
                    position: UInt32(index + 1), line: line,
                    member: TurnMember(
                        personKey: personKey, subjectID: subjectID,
                        content: Array(bytes[(start + 32)..<(start + 64)]))))
        }
        return doses
    }
}
