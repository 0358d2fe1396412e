import RecordModel
import Storage

/// A correction that can never take effect, and why; never a value.
struct CorrectionRefusal: Sendable, Hashable {
    /// Position among the corrections handed in.
    var index: Int
    var errorClass: String
    var reason: String
}

/// Lets the correction desk's decisions take effect: each makes a version of its record exactly once, however often
/// and in whatever order they are delivered.
///
/// The record's row is locked first; whether a correction took effect before is read under that lock.
final class CorrectionIntake: Sendable {
    private let settings: ValidationSettings
    private let clock: any WallClock
    private let vaccines = VaccineNames.shared

    init(settings: ValidationSettings = ValidationSettings(), clock: any WallClock = SystemClock()) {
        self.settings = settings
        self.clock = clock
    }

    /// - Returns: the corrections that can never take effect; nothing has been written for them.
    func take(_ corrections: [CorrectionApplied], in transaction: Transaction) throws -> [CorrectionRefusal] {
        if corrections.isEmpty { return [] }
        let now = clock.now()
        var refusals: [CorrectionRefusal] = []
        var candidates: [Int] = []
        for (index, correction) in corrections.enumerated() {
            do throws(RuleFailure) {
                try CorrectionRule.check(correction, now: now, settings, vaccines)
                candidates.append(index)
            } catch {
                refusals.append(
                    CorrectionRefusal(
                        index: index, errorClass: "rule-broken",
                        reason: "CorrectionApplied.\(error.field): \(error.rule.rawValue)"))
            }
        }
        let ids = Set(candidates.map { corrections[$0].doseID }).sorted()
        let held = try RecordTable.lock(ids, in: transaction)
        let applied = try CorrectionTable.applied(candidates.map { corrections[$0].correctionID }, in: transaction)
        let fresh = candidates.filter { !applied.contains(corrections[$0].correctionID) }
        let bases = try CorrectionTable.bases(
            of: fresh.compactMap { index in
                let correction = corrections[index]
                guard let record = held[correction.doseID]?.record, record.version != correction.doseVersion else {
                    return nil
                }
                return (correction.doseID, correction.doseVersion)
            }, in: transaction)

        let salts = SaltSource()
        var versions: [DoseID: RecordVersions] = [:]
        var seen: Set<CorrectionID> = []
        var effects: [(correction: StandingCorrection, madeVersion: UInt32?)] = []
        for index in fresh where seen.insert(corrections[index].correctionID).inserted {
            let correction = corrections[index]
            guard let record = held[correction.doseID] else {
                refusals.append(
                    CorrectionRefusal(
                        index: index, errorClass: "unknown-record", reason: "CorrectionApplied.dose_id: is not known"))
                continue
            }
            var line = versions[correction.doseID] ?? RecordVersions(held: record)
            guard
                let base = bases[correction.doseID]?[correction.doseVersion]
                    ?? line.row(behindVersion: correction.doseVersion)
            else {
                refusals.append(
                    CorrectionRefusal(
                        index: index, errorClass: "unknown-version",
                        reason: "CorrectionApplied.dose_version: the record has no such version"))
                continue
            }
            let standing = StandingCorrection(correction: correction, base: base)
            let madeVersion = line.apply(standing, at: now, salt: salts.next)
            effects.append((standing, madeVersion ? line.held?.record.version : nil))
            versions[correction.doseID] = line
        }

        let changed = versions.sorted { $0.key < $1.key }.map(\.value)
        let packed = changed.map { PackedRecord($0.held!) }
        try RecordTable.update(packed, in: transaction)
        try RecordTable.remember(changed.lazy.flatMap(\.history), at: now, in: transaction)
        try CorrectionTable.remember(effects, at: now, in: transaction)
        for (line, record) in zip(changed, packed) where line.hasNewVersion {
            try transaction.emit(record.event(at: now))
        }
        var counts = CountLedger()
        counts.corrections(effects.count)
        try counts.write(in: transaction)
        return refusals
    }
}
