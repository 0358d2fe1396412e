import RecordModel

/// What a turn's state is; it moves forward only.
enum TurnState: String, Sendable, CaseIterable {
    case prepared
    case signed
    /// Something had moved when the signature came; prepare anew.
    case failed
    case expired
}

/// Why a dose of a turn can no longer be attested as prepared.
struct MovedDose: Hashable, Sendable {
    enum Reason: String, Sendable {
        case newVersion = "new-version"
        case notSignable = "not-signable"
        case gone
    }

    var position: Int
    var doseID: DoseID
    var sourceRecordID: String
    var reason: Reason
}

/// The row of a dose as it is under lock when the signature comes.
struct LockedDose: Hashable, Sendable {
    var doseID: DoseID
    var doseVersion: UInt32
    var facilityCode: String
    var ready: Bool
}

/// Compares a turn with what its doses are now. Anything in the answer fails the whole turn.
func movedDoses(of manifest: Manifest, unitCode: String, locked: [LockedDose]) -> [MovedDose] {
    var current: [DoseID: LockedDose] = [:]
    current.reserveCapacity(locked.count)
    for dose in locked { current[dose.doseID] = dose }
    var moved: [MovedDose] = []
    for (index, line) in manifest.lines.enumerated() {
        let reason: MovedDose.Reason?
        if let dose = current[line.doseID] {
            if dose.doseVersion != line.doseVersion {
                reason = .newVersion
            } else if !dose.ready || dose.facilityCode != unitCode {
                reason = .notSignable
            } else {
                reason = nil
            }
        } else {
            reason = .gone
        }
        if let reason {
            moved.append(
                MovedDose(
                    position: index + 1, doseID: line.doseID, sourceRecordID: line.sourceRecordID, reason: reason))
        }
    }
    return moved
}
