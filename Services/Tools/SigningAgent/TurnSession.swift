import Cryptography
import RecordModel

/// What a run has done.
struct RunSummary: Sendable {
    var turns = 0
    var persons = 0
    var doses = 0
    /// Turns that failed because data moved, and were prepared anew.
    var repeated = 0
    /// Facilities that could not be signed to the end.
    var refused = 0

    mutating func add(_ other: RunSummary) {
        turns += other.turns
        persons += other.persons
        doses += other.doses
        repeated += other.repeated
        refused += other.refused
    }
}

/// Signs one facility's turns: prepare, fetch what is shown, write the manifest from it, sign, send.
struct TurnSession: Sendable {
    let client: ServiceClient
    let signer: any DocumentSigner
    let token: String
    let unitCode: String
    let wish: ServiceClient.TurnWish
    let clock: any WallClock

    /// Turns in a row that may fail because data moved, before the run gives up.
    static let patience = 10

    /// Signs until nothing is signable, or one turn.
    /// - Parameter report: told after each turn.
    func run(all: Bool, report: @Sendable (TurnSummary) -> Void) async throws -> RunSummary {
        var summary = RunSummary()
        var failures = 0
        while true {
            var more = true
            do {
                let turn = try await client.prepareTurn(wish, token: token)
                more = turn.more ?? true
                let signed = try await sign(turn)
                summary.turns += 1
                summary.persons += signed.persons
                summary.doses += signed.doses
                failures = 0
                report(signed)
            } catch let refusal as ServiceRefusal where refusal.type == "nothing-to-sign" {
                return summary
            } catch let refusal as ServiceRefusal where refusal.type == "turn-moved" && failures < Self.patience {
                failures += 1
                summary.repeated += 1
                continue
            }
            if !all || !more { return summary }
        }
    }

    /// The signed bytes are written from what is shown; they are the service's if they have the digest that it told.
    private func sign(_ turn: ServiceClient.Turn) async throws -> TurnSummary {
        let content = try await client.content(of: turn, token: token)
        var (manifest, summary) = try TurnContentCheck.manifest(of: content, unitCode: unitCode)
        if hexadecimal(SHA256.hash(manifest)) != turn.manifestSha256 {
            manifest = try await client.manifest(of: turn, token: token)
            guard hexadecimal(SHA256.hash(manifest)) == turn.manifestSha256 else {
                throw ContentMismatch(line: 0, rule: "the manifest is not the one that was prepared")
            }
            summary = try TurnContentCheck.check(manifest: manifest, content: content, unitCode: unitCode)
        }
        guard summary == TurnSummary(persons: turn.persons, doses: turn.doses) else {
            throw ContentMismatch(line: 0, rule: "the turn's numbers are not the manifest's")
        }
        let signature = try signer.signature(over: manifest, at: clock.now())
        let signed = try await client.sign(turn, signature: signature, token: token)
        guard signed.state == "signed" else {
            throw ContentMismatch(line: 0, rule: "the service does not say that the turn is signed")
        }
        return summary
    }
}
