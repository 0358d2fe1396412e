import RecordModel

/// What is held of one dose.
struct HeldRecord: Hashable, Sendable {
    /// The version that stands.
    var record: DoseRecord
    /// The facility's rows that were ever taken, late ones too; the last is the row that stands.
    var hashes: [ContentHash]
    /// The facility's row that stands as it would be without corrections; nil while there was no correction.
    var typed: DoseRecord?
    /// All corrections that took effect; empty while `typed` is nil.
    var corrections: [StandingCorrection]
}

/// A correction with the facility row that it was decided on.
struct StandingCorrection: Hashable, Sendable {
    var correction: CorrectionApplied
    var base: ContentHash
}

/// A version that stands no more, or a row that came too late to stand.
struct HistoryEntry: Hashable, Sendable {
    var record: DoseRecord
    /// The facility row behind it.
    var row: ContentHash
    var isLate: Bool
}

/// The decision which version of a record stands (`matching.md` §0.6), as a value that takes rows and corrections.
///
/// Whatever the order of arrival, the content that stands is the same: the facility's row with the greatest time of
/// entry (of equal ones the later arrival), over it the dose fields confirmed by the health side after that row was
/// entered, and the identity that police confirmed last. Only the number of versions depends on the order.
struct RecordVersions: Sendable {
    private(set) var held: HeldRecord?
    private(set) var history: [HistoryEntry] = []
    /// The row of the record must be written.
    private(set) var isChanged = false
    /// A version was made that everybody must hear of.
    private(set) var hasNewVersion = false

    init(held: HeldRecord?) { self.held = held }

    /// The version that stands; 0 before the first.
    var version: UInt32 { held?.record.version ?? 0 }
    /// The status that stands; nil before the first version.
    var status: RecordStatus? { held?.record.status }

    /// Takes a facility's row.
    ///
    /// - Parameters:
    ///   - now: the time of recording.
    ///   - salt: gives 16 new random bytes.
    mutating func take(_ row: AcceptedRow, at now: Instant, salt: () -> [UInt8]) -> RowOutcome {
        if held == nil {
            held = HeldRecord(
                record: row.record(version: 1, at: now, salt: salt()), hashes: [row.contentHash], typed: nil,
                corrections: [])
            isChanged = true
            hasNewVersion = true
            return .created
        }
        if held?.hashes.contains(row.contentHash) == true { return .duplicate }
        guard var current = held else { return .duplicate }
        isChanged = true
        if row.enteredAt < current.record.enteredAt {
            let late = row.record(version: current.record.version, at: now, salt: current.record.salt)
            history.append(HistoryEntry(record: late, row: row.contentHash, isLate: true))
            current.hashes.insert(row.contentHash, at: current.hashes.count - 1)
            held = current
            return .late
        }
        hasNewVersion = true
        history.append(HistoryEntry(record: current.record, row: current.standingRow, isLate: false))
        let typed = row.record(version: current.record.version + 1, at: now, salt: salt())
        current.hashes.append(row.contentHash)
        if current.typed == nil {
            current.record = typed
        } else {
            current.typed = typed
            current.record = standing(typed, row.contentHash, current.corrections)
        }
        held = current
        return .amended
    }

    /// Lets a correction take effect; true if it made a version. A correction that later ones have overtaken, or that
    /// says what stands already, is remembered and makes none.
    mutating func apply(_ correction: StandingCorrection, at now: Instant, salt: () -> [UInt8]) -> Bool {
        guard var current = held else { return false }
        isChanged = true
        current.corrections.append(correction)
        let typed = current.typed ?? current.record
        current.typed = typed
        var record = standing(typed, current.standingRow, current.corrections)
        record.version = current.record.version
        record.recordedAt = current.record.recordedAt
        record.salt = current.record.salt
        defer { held = current }
        if record == current.record { return false }
        history.append(HistoryEntry(record: current.record, row: current.standingRow, isLate: false))
        record.version += 1
        record.recordedAt = now
        record.salt = salt()
        current.record = record
        hasNewVersion = true
        return true
    }

    /// The facility row behind a version: the base of a decision that was made on it. Nil if it is not known here.
    func row(behindVersion version: UInt32) -> ContentHash? {
        if let held, held.record.version == version { return held.standingRow }
        return history.last { !$0.isLate && $0.record.version == version }?.row
    }
}

extension HeldRecord {
    /// The facility's row that stands.
    var standingRow: ContentHash { hashes[hashes.count - 1] }
}

/// What a facility's row and the corrections of its record make together.
func standing(_ typed: DoseRecord, _ row: ContentHash, _ corrections: [StandingCorrection]) -> DoseRecord {
    var record = typed
    var police: (identity: TypedIdentity, correction: StandingCorrection)?
    let ordered = corrections.sorted {
        ($0.correction.decidedAt, $0.correction.correctionID) < ($1.correction.decidedAt, $1.correction.correctionID)
    }
    for standing in ordered {
        switch standing.correction.correction {
        case .identity(let identity): police = (identity, standing)
        case .dose(let fields) where standing.correction.decidedAt >= typed.enteredAt: fields.apply(to: &record.dose)
        case .dose: break
        }
    }
    if let police {
        record.identity = police.identity
        record.identityAuthority = .police
        // What police looked at is no contradiction to them; what the facility has typed since may be one.
        record.identityConflict = row != police.correction.base && typed.identity != police.identity
    }
    return record
}

extension DoseCorrection {
    /// Puts the confirmed fields in place; empty ones leave what is there. The values have passed `CorrectionRule`.
    func apply(to dose: inout DoseDetails) {
        if !doseNumber.isEmpty {
            dose.doseNumberTyped = doseNumber
            dose.doseNumber = DoseNumber.number(typed: doseNumber)
        }
        if !vaccine.isEmpty { dose.vaccine = VaccineNames.shared.product(typed: vaccine) ?? vaccine }
        if !lotNumber.isEmpty { dose.lotNumber = lotNumber }
        if let date = InjectionDateRule.read(injectedOn) { dose.injectedOn = date.iso }
        if !doseKind.isEmpty, let kind = DoseKind(label: doseKind) { dose.kind = kind }
    }
}

extension AcceptedRow {
    /// The row as a version of its record.
    func record(version: UInt32, at now: Instant, salt: [UInt8]) -> DoseRecord {
        DoseRecord(
            doseID: doseID, subjectID: subjectID, facilityCode: facilityCode, sourceRecordID: sourceRecordID,
            version: version, enteredAt: enteredAt, recordedAt: now, identity: identity, subject: subject, dose: dose,
            status: status, identityAuthority: .facility, identityConflict: false, salt: salt)
    }
}
