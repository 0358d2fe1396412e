import Messaging
import Observability
import RecordModel
import Storage

/// Takes records, verdicts and persons in any order, keeps them, and decides from all that is there whether a dose may
/// be put into turns and whether its attestation still stands.
///
/// Most doses come once: a record, then a verdict and a person. They cost one row each in `signable`, `verified` and
/// `ready_dose`, and no lock: a first record needs nothing of the register check, and a first verdict nothing of the
/// record, since turns join the two. What comes again (an amendment, another verdict) goes under the dose's lock, its
/// row in `verified`. Rows are locked in the order `signable`, `verified`, `ready_dose`, `attestation`, each sorted by
/// dose; a signature takes its rows out of `ready_dose` first, so whoever changes such a row waits for the signature
/// and then sees its attestation. Of a batch only rows that really changed are written, and only attestations that
/// began or ceased to stand make events, so a replay writes nothing and emits nothing.
struct FactHandler: BatchHandler {
    let limits: SigningLimits
    let clock: any WallClock
    let metrics: SigningMetrics

    func handle(_ batch: [InboundMessage], in tx: Transaction) throws -> [Rejection] {
        let fold = FactFold(batch)
        let amended = try store(fold.records, beside: fold.verifications, in: tx)
        let steps = try store(fold.verifications.adding(amended), in: tx)
        if !steps.isEmpty { try decide(steps, in: tx) }
        return fold.rejections
    }

    /// Stores records; gives back the versions of those on which more depends than a first record: amendments, and
    /// records of doses that are attested.
    private func store(
        _ records: [ArrivedRecord], beside verifications: [ArrivedVerification], in tx: Transaction
    ) throws -> [DoseID: UInt32] {
        guard !records.isEmpty else { return [:] }
        let inserted = Set(try tx.run(InsertRecords(records: records)))
        var amended: [DoseID: UInt32] = [:]
        if inserted.count < records.count {
            let known = records.filter { !inserted.contains($0.doseID) }
            let older = Set(try tx.run(LockOlderRecords(records: known)))
            let newer = known.filter { older.contains($0.doseID) }
            if !newer.isEmpty { try tx.run(UpdateRecords(records: newer)) }
            for record in newer { amended[record.doseID] = record.version }
        }
        var first: [DoseID] = []
        let others = Set(verifications.lazy.map(\.doseID))
        for record in records where inserted.contains(record.doseID) {
            if record.version > 1 {
                amended[record.doseID] = record.version
            } else if !others.contains(record.doseID) {
                first.append(record.doseID)
            }
        }
        guard !first.isEmpty else { return amended }
        for attested in try tx.run(StandingOfDoses(doseIDs: first)) { amended[attested.doseID] = 1 }
        return amended
    }

    /// Stores verdicts, persons and versions to be reached, under the doses' locks.
    private func store(_ arrived: [ArrivedVerification], in tx: Transaction) throws -> [FactStep] {
        guard !arrived.isEmpty else { return [] }
        let inserted = Set(try tx.run(InsertVerifications(rows: arrived)))
        guard inserted.count < arrived.count else { return arrived.map { FactStep($0, onto: nil) } }
        let known = arrived.lazy.map(\.doseID).filter { !inserted.contains($0) }
        let stored = Dictionary(uniqueKeysWithValues: try tx.run(LockVerifications(doseIDs: Array(known))))
        let steps = arrived.map { FactStep($0, onto: stored[$0.doseID]) }
        let changed = steps.filter { $0.before != nil && $0.isChanged }
        if !changed.isEmpty {
            try tx.run(
                UpdateVerifications(
                    rows: changed.map { ArrivedVerification(doseID: $0.doseID, verification: $0.after) }))
        }
        return steps
    }

    /// Brings `ready_dose` and the attestations to what the facts say.
    private func decide(_ steps: [FactStep], in tx: Transaction) throws {
        let outdated = steps.compactMap(\.outdated)
        if !outdated.isEmpty { try tx.run(RemoveReady(doses: outdated)) }
        // Only now: a signature that held one of these rows has committed, and its attestation is seen.
        var standing = try standing(of: steps.map(\.doseID), in: tx)
        let revised = standing.isEmpty ? [:] : try revise(Array(standing.keys), in: tx)
        standing.merge(revised) { $1 }
        let removed = steps.filter { revised[$0.doseID] == true }.compactMap(\.ready)
        if !removed.isEmpty { try tx.run(RemoveReady(doses: removed)) }
        let waiting = steps.filter { standing[$0.doseID] != true }
        let put = waiting.filter { $0.isChanged && ($0.isNewlyReady || revised[$0.doseID] != nil) }.compactMap(\.ready)
        if !put.isEmpty { try tx.run(PutReady(doses: put)) }
        try putAgain(waiting.filter { !$0.isChanged }.compactMap(\.ready), in: tx)
    }

    /// Puts rows that should be there already: lost ones come back by an announcement. A signature may be taking one of
    /// them just now; then its attestation stands afterwards.
    private func putAgain(_ doses: [ReadyDose], in tx: Transaction) throws {
        guard !doses.isEmpty else { return }
        let put = try tx.run(PutReady(doses: doses))
        guard !put.isEmpty else { return }
        let standing = try standing(of: put, in: tx)
        let signed = doses.filter { standing[$0.doseID] == true }
        if !signed.isEmpty { try tx.run(RemoveReady(doses: signed)) }
    }

    /// Whether attestations stand; doses without one are left out.
    private func standing(of doseIDs: [DoseID], in tx: Transaction) throws -> [DoseID: Bool] {
        Dictionary(uniqueKeysWithValues: try tx.run(StandingOfDoses(doseIDs: doseIDs)).map { ($0.doseID, $0.stands) })
    }

    /// Revises attestations by the facts, and tells those that began or ceased to stand. Gives back whether the revised
    /// ones stand.
    private func revise(_ doseIDs: [DoseID], in tx: Transaction) throws -> [DoseID: Bool] {
        let facts = Dictionary(
            uniqueKeysWithValues: try tx.run(StoredDoses(doseIDs: doseIDs.sorted())).map { ($0.doseID, $0.facts) })
        let now = clock.now()
        func revised(_ row: StoredAttestation) -> StoredAttestation? {
            guard let next = facts[row.doseID].flatMap({ row.attestation.revised(under: $0, at: now) }) else {
                return nil
            }
            var row = row
            row.attestation = next
            return row
        }
        let moving = try tx.run(AttestationsOfDoses(doseIDs: facts.keys.sorted())).filter { revised($0) != nil }
        guard !moving.isEmpty else { return [:] }
        let before = try tx.run(LockAttestations(doseIDs: moving.map(\.doseID).sorted()))
        let after = before.compactMap(revised)
        try tx.run(ArchiveAttestations(doseIDs: after.map(\.doseID)))
        try tx.run(ReviseAttestations(rows: after))
        let revisions = Dictionary(uniqueKeysWithValues: before.map { ($0.doseID, $0.attestation.revision) })
        for row in after where row.attestation.revision != revisions[row.doseID] {
            try tx.emit(row.event)
            if row.attestation.stands { metrics.standingAgain.add(1) } else { metrics.stale.add(1) }
        }
        return Dictionary(uniqueKeysWithValues: after.map { ($0.doseID, $0.attestation.stands) })
    }
}

/// What a batch changes about one dose's verification.
private struct FactStep {
    let doseID: DoseID
    /// Nil where nothing was stored.
    let before: Verification?
    let after: Verification
    let isChanged: Bool

    init(_ arrived: ArrivedVerification, onto stored: Verification?) {
        var merged = stored ?? arrived.verification
        doseID = arrived.doseID
        before = stored
        isChanged = stored == nil || merged.absorb(arrived.verification)
        after = merged
    }

    /// The row of `ready_dose` that the dose should have, unless it is attested.
    var ready: ReadyDose? { after.ready(doseID) }

    /// The row that it may have and must lose.
    var outdated: ReadyDose? {
        guard isChanged, let old = before?.ready(doseID), !old.saysTheSame(as: ready) else { return nil }
        return old
    }

    var isNewlyReady: Bool { ready.map { !$0.saysTheSame(as: before?.ready(doseID)) } ?? false }
}

extension [ArrivedVerification] {
    /// The same with the versions that records have reached; sorted.
    fileprivate func adding(_ amended: [DoseID: UInt32]) -> [ArrivedVerification] {
        guard !amended.isEmpty else { return self }
        var left = amended
        var rows = self
        for index in rows.indices {
            if let version = left.removeValue(forKey: rows[index].doseID) {
                rows[index].verification.recordVersion = version
            }
        }
        rows += left.map { ArrivedVerification(doseID: $0, verification: Verification(recordVersion: $1)) }
        return rows.sorted { $0.doseID < $1.doseID }
    }
}
