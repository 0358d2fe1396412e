import RecordModel
import Storage
import Web

/// What somebody wants to know a finding for. A view without a purpose is refused (AUT-16).
enum Purpose: String, CaseIterable, Sendable {
    /// Cleaning of records (làm sạch dữ liệu).
    case correction
    /// A citizen's complaint (phản ánh).
    case complaint
    /// Verifying unclear records again (xác minh lại).
    case reverification
    /// Inspection of the work (kiểm tra, giám sát).
    case inspection

    /// From the header `x-purpose` or the query value `purpose`.
    static func of(_ request: Request, default fallback: Purpose? = nil) throws(Problem) -> Purpose {
        let text = request.headers["x-purpose"] ?? request.query["purpose"] ?? ""
        if text.isEmpty, let fallback { return fallback }
        guard let purpose = Purpose(rawValue: text) else {
            throw Problem(
                status: 400, type: "purpose-required", titleVI: "Phải nêu mục đích tra cứu",
                titleEN: "Say for what purpose you ask",
                fields: [("purpose", "one of \(allCases.map(\.rawValue).joined(separator: ", "))")])
        }
        return purpose
    }

    static let query = Schema.Property(
        "purpose", "string", allCases.map(\.rawValue).joined(separator: ", ") + "; or header x-purpose")
    static let referenceQuery = Schema.Property(
        "reference", "string", "task or complaint that it is for; letters, digits, . _ / - only; or header x-reference")
}

/// One look at what the register says (AUT-16): who, for what, and how much of it was shown.
struct FindingAccess: Sendable {
    enum Act: String, Sendable {
        case suggestion, list, detail, export, guessing, release, log
    }

    let act: Act
    let purpose: Purpose
    let reference: String

    init(_ act: Act, _ request: Request, default purpose: Purpose? = nil) throws(Problem) {
        self.act = act
        self.purpose = try Purpose.of(request, default: purpose)
        let reference = request.headers["x-reference"] ?? request.query["reference"] ?? ""
        guard reference.utf8.count <= 64, reference.unicodeScalars.allSatisfy(Self.isAllowed),
            !Self.holdsNumber(reference)
        else {
            throw Problem.badRequest(
                "the reference is not valid",
                fields: [("reference", "letters, digits, . _ / - only, and no identity number")])
        }
        self.reference = reference
    }

    /// Whether nine or twelve digits stand together, as in identity numbers, outside a task's own identifier.
    private static func holdsNumber(_ text: String) -> Bool {
        if Identifier<FindingAccess>(text) != nil { return false }
        let runs = text.utf8.split { $0 < 0x30 || $0 > 0x39 }
        return runs.contains { $0.count == 9 || $0.count == 12 }
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "/", "-": true
        default: false
        }
    }

    /// Keeps it, before what was seen is shown: what cannot be recorded is not shown.
    func record(
        _ seen: Desk.Seen, marks keys: PersonKeys, by principal: Principal, at now: Instant, in session: some SQLSession
    ) throws {
        let shown = seen.view?.shown ?? []
        let marks = Set(shown).sorted().map(keys.mark)
        try record(
            principal, at: now, seen.doseID, records: seen.records, persons: shown.count,
            outside: seen.view?.outside ?? 0, marks: marks, in: session)
    }

    /// Keeps an export, which shows everybody of so many records.
    func record(
        everybodyOf records: Int, by principal: Principal, at now: Instant, in session: some SQLSession
    ) throws {
        try record(principal, at: now, nil, records: records, persons: 0, outside: 0, marks: [], in: session)
    }

    private func record(
        _ principal: Principal, at now: Instant, _ doseID: DoseID?, records: Int, persons: Int, outside: Int,
        marks: [Int64], in session: some SQLSession
    ) throws {
        try session.execute(
            """
            INSERT INTO finding_access
                (at, account, role, unit_code, act, purpose, reference, dose_id, records, persons, outside, shown)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            """,
            [
                .instant(now), .text(principal.subject), .text(principal.role.rawValue), .text(principal.unit),
                .text(act.rawValue), .text(purpose.rawValue), .text(reference), .uuid(doseID), .int8(Int64(records)),
                .int4(Int32(persons)), .int4(Int32(outside)), .int8s(marks),
            ])
    }
}
