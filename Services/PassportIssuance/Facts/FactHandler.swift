import Messaging
import RecordModel
import Storage

/// Stores records, verdicts, attestations and persons in any order, and marks the persons whose passports may have to
/// change. Nothing is issued here: passports are computed in runs only.
///
/// Three statements a batch at most. A row is the memory of the newest facts about its dose, so a replay changes no row
/// and marks nobody. Only doses that were ever attested matter to a passport: a fact about another one is stored and
/// marks nobody.
///
/// Two instances may hold facts about one dose at once. Verdict, person and attestation meet at the dose's row: whoever
/// comes second waits for the first and sees it. A record that does not see an attestation under way leaves the marking
/// to it: whoever attests marks, and a run reads only when nobody is under way (`Gate`), so it sees both.
struct FactHandler: BatchHandler {
    let clock: any WallClock

    func handle(_ batch: [InboundMessage], in tx: Transaction) throws -> [Rejection] {
        let fold = FactFold(batch)
        guard !fold.doses.isEmpty else { return fold.rejections }
        try Gate.enter(tx)
        var concerned: [Concerned] = []
        let records = PutRecords(fold.doses)
        if !records.rows.isEmpty { concerned += try tx.run(records) }
        let decisions = PutDecisions(fold.doses)
        if !decisions.rows.isEmpty { concerned += try tx.run(decisions) }
        let persons = Set(concerned.flatMap { [$0.person, $0.leftPerson].compactMap(\.self) })
        if !persons.isEmpty { try tx.run(MarkPersons(persons: persons.sorted(), since: clock.now())) }
        return fold.rejections
    }
}

/// Where those who write facts and the runs meet: many write side by side, many chunks read side by side, but no chunk
/// reads while somebody writes. PostgreSQL serves waiters in turn, so neither side starves.
enum Gate {
    /// Before facts are written; held until the transaction ends.
    static func enter(_ tx: Transaction) throws { try tx.script("LOCK TABLE fact_gate IN ROW EXCLUSIVE MODE") }

    /// Waits for whoever writes facts, and keeps them out until the transaction ends.
    static func shut(_ tx: Transaction) throws { try tx.script("LOCK TABLE fact_gate IN SHARE MODE") }
}
