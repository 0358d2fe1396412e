import Messaging
import Observability
import RecordModel
import Storage

/// Takes records, verdicts and persons in any order, keeps them, and decides from all that is there whether a dose can
/// be signed and whether its attestation still stands.
///
/// One lock guards a dose here: its row in `signable`. Rows are locked sorted by id; attestations are only read and
/// written under that lock. Of a batch only rows that really changed are written, and only attestations that began or
/// ceased to stand make events, so a replay writes nothing and emits nothing.
struct FactHandler: BatchHandler {
    let limits: SigningLimits
    let clock: any WallClock
    let metrics: SigningMetrics

    func handle(_ batch: [InboundMessage], in tx: Transaction) throws -> [Rejection] {
        let fold = FactFold(batch)
        try take(fold.arrived, in: tx)
        return fold.rejections
    }

    /// - Parameter arrived: sorted by dose.
    func take(_ arrived: [ArrivedFacts], in tx: Transaction) throws {
        let now = clock.now()
        var revised: [StoredAttestation] = []
        var waiting = arrived
        while !waiting.isEmpty {
            waiting = try takeOnce(waiting, at: now, revised: &revised, in: tx)
        }
        guard !revised.isEmpty else { return }
        try write(revised, in: tx)
    }

    /// Takes what it can; gives back the doses whose rows another instance inserted meanwhile: they exist now, and the
    /// next round locks and merges them.
    private func takeOnce(
        _ arrived: [ArrivedFacts], at now: Instant, revised: inout [StoredAttestation], in tx: Transaction
    ) throws -> [ArrivedFacts] {
        let ids = arrived.map(\.doseID)
        let stored = Dictionary(uniqueKeysWithValues: try tx.run(LockSignable(doseIDs: ids)).map { ($0.doseID, $0) })
        let attestations = Dictionary(
            uniqueKeysWithValues: try tx.run(AttestationsOfDoses(doseIDs: ids)).map { ($0.doseID, $0) })
        var plan = Plan()
        for facts in arrived {
            plan.take(
                facts, stored: stored[facts.doseID], attestation: attestations[facts.doseID], limits: limits, at: now)
        }
        if !plan.updates.isEmpty { try tx.run(UpdateSignable(doses: plan.updates)) }
        var missed: Set<DoseID> = []
        if !plan.inserts.isEmpty {
            let inserted = Set(try tx.run(InsertSignable(doses: plan.inserts)))
            missed = Set(plan.inserts.lazy.map(\.doseID).filter { !inserted.contains($0) })
        }
        if !plan.noLongerReady.isEmpty { try tx.run(RemoveReady(doses: plan.noLongerReady)) }
        let ready = plan.ready.filter { !missed.contains($0.doseID) }
        if !ready.isEmpty { try tx.run(PutReady(doses: ready)) }
        revised += plan.revised.filter { !missed.contains($0.doseID) }
        return missed.isEmpty ? [] : arrived.filter { missed.contains($0.doseID) }
    }

    private func write(_ revised: [StoredAttestation], in tx: Transaction) throws {
        let sorted = revised.sorted { $0.doseID < $1.doseID }
        let ids = sorted.map(\.doseID)
        let before = Dictionary(
            uniqueKeysWithValues: try tx.run(AttestationsOfDoses(doseIDs: ids)).map { ($0.doseID, $0.attestation) })
        _ = try tx.run(ArchiveAttestations(doseIDs: ids))
        _ = try tx.run(PutAttestations(rows: sorted))
        for row in sorted where row.attestation.revision != before[row.doseID]?.revision {
            try tx.emit(row.event)
            if row.attestation.stands { metrics.standingAgain.add(1) } else { metrics.stale.add(1) }
        }
    }
}

/// What a batch changes.
private struct Plan {
    var inserts: [StoredDose] = []
    var updates: [StoredDose] = []
    var ready: [ReadyDose] = []
    var noLongerReady: [ReadyDose] = []
    var revised: [StoredAttestation] = []

    mutating func take(
        _ facts: ArrivedFacts, stored: StoredDose?, attestation: StoredAttestation?, limits: SigningLimits,
        at now: Instant
    ) {
        var dose = stored ?? StoredDose(facts)
        let readyBefore = ReadyDose(dose, attestation: attestation?.attestation, limits: limits)
        let isNewer = dose.absorb(facts)
        var attestation = attestation
        if let next = attestation?.attestation.revised(under: dose.facts, at: now) {
            attestation?.attestation = next
            if let attestation { revised.append(attestation) }
        }
        let readyNow = ReadyDose(dose, attestation: attestation?.attestation, limits: limits)
        // Also where nothing is newer: what a changed setting has made signable or not, an announcement puts right.
        if let readyNow, readyNow != readyBefore || !isNewer { ready.append(readyNow) }
        if let readyBefore, readyBefore != readyNow {
            noLongerReady.append(readyBefore)
        } else if readyNow == nil, !isNewer, let never = ReadyDose(of: dose) {
            noLongerReady.append(never)
        }
        if stored == nil { inserts.append(dose) } else if isNewer { updates.append(dose) }
    }
}

extension StoredDose {
    /// A row that holds nothing yet but whose it is.
    init(_ arrived: ArrivedFacts) {
        self.init(
            doseID: arrived.doseID, subjectID: arrived.subjectID, facilityCode: "", sourceRecordID: "",
            facts: DoseFacts())
    }

    /// Takes what is newer; tells whether anything was.
    fileprivate mutating func absorb(_ arrived: ArrivedFacts) -> Bool {
        let versionBefore = facts.dose?.version
        var changed = facts.absorb(arrived.facts)
        if facts.dose?.version != versionBefore { record = arrived.record }
        if facilityCode.isEmpty, !arrived.facilityCode.isEmpty {
            facilityCode = arrived.facilityCode
            sourceRecordID = arrived.sourceRecordID
            changed = true
        }
        return changed
    }
}
