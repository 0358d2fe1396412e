import RecordModel
import Storage
import Web

/// Where the police side's looks come in: limits, territory, and the trace that every look leaves before its answer.
///
/// A look has a thread of its own, so that no batch of the stream and no other request is in its way, and goes to the
/// database as few times as it can, in single statements: who asks and what stands, what is shown, the trace. The trace is
/// durable before the answer is given. A look that changes something is one transaction.
struct Desk: Sendable {
    let database: Database
    let limits: RateLimits
    let keys: PersonKeys
    let clock: any WallClock

    /// What a look is answered with.
    struct Question: Sendable {
        let principal: Principal
        let territory: Territory
        /// What stands of the register; nil while nothing does.
        let standing: StandingRegister?
    }

    /// What came of it.
    struct Seen: Sendable {
        var answer: Result<Response, Problem>
        var records = 0
        var doseID: DoseID?
        var view: CandidateView?

        init(_ response: Response, records: Int, of doseID: DoseID? = nil, _ view: CandidateView? = nil) {
            answer = .success(response)
            (self.records, self.doseID, self.view) = (records, doseID, view)
        }

        /// Nothing is shown; the try is in the log all the same.
        init(refused problem: Problem) { answer = .failure(problem) }
    }

    /// A look that changes nothing.
    /// - Throws: `Problem` 429 above the limits, 400 without a purpose, 403 without a territory, and what the body says.
    func look(
        _ act: FindingAccess.Act, _ request: Request,
        _ body: @escaping @Sendable (Question, Connection) throws -> Seen
    ) async throws -> Response {
        let (access, principal, now) = try begin(act, request)
        return try await onThread("look") {
            try database.withConnection { session in
                try answer(principal, access, at: now, in: session) { try body($0, session) }
            }
        }.get()
    }

    /// A look that changes something: its trace and the change are one transaction.
    func change(
        _ act: FindingAccess.Act, _ request: Request,
        _ body: @escaping @Sendable (Question, Transaction) throws -> Seen
    ) async throws -> Response {
        let (access, principal, now) = try begin(act, request)
        return try await onThread("look") {
            try database.transaction { session in
                try answer(principal, access, at: now, in: session) { try body($0, session) }
            }
        }.get()
    }

    private func begin(_ act: FindingAccess.Act, _ request: Request) throws(Problem) -> (
        FindingAccess, Principal, Instant
    ) {
        let principal = request.principal
        try limits.admit(principal)
        return (try FindingAccess(act, request), principal, clock.now())
    }

    private func answer(
        _ principal: Principal, _ access: FindingAccess, at now: Instant, in session: some SQLSession,
        _ body: (Question) throws -> Seen
    ) throws -> Result<Response, Problem> {
        let (territory, standing) = try Territory.standing(of: principal, in: session)
        let seen =
            territory == .nowhere
            ? Seen(
                refused: .forbidden(
                    "the token's unit is not in the list of units as a unit of its role, or has no area"))
            : try body(Question(principal: principal, territory: territory, standing: standing))
        try access.record(seen, marks: keys, by: principal, at: now, in: session)
        return seen.answer
    }
}
