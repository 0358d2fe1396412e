import Messaging
import RecordModel
import Storage

/// Stores records, verdicts, persons and attestations in any order, and marks the persons whose passports may have to
/// change. Nothing is issued here: passports are computed in runs only.
///
/// Two statements a batch. A dose's row is the memory of every fact about it, so a replay changes no row and marks
/// nobody. Doses are locked sorted, then persons sorted; a run locks persons and only reads doses, so whoever changes a
/// dose while a run looks at its person waits for the run and marks the person for the next one.
struct FactHandler: BatchHandler {
    let clock: any WallClock

    func handle(_ batch: [InboundMessage], in tx: Transaction) throws -> [Rejection] {
        let fold = FactFold(batch)
        guard !fold.arrived.isEmpty else { return fold.rejections }
        let changed = try tx.run(PutFacts(arrived: fold.arrived))
        // A dose that was never signed is in no passport, and in none to come.
        var persons: Set<PersonKey> = []
        for row in changed where row.isAttested {
            if let person = row.person { persons.insert(person) }
            if let person = row.leftPerson { persons.insert(person) }
        }
        if !persons.isEmpty {
            try tx.run(MarkPersons(persons: persons.sorted(), since: clock.now()))
        }
        return fold.rejections
    }
}
