import RecordModel

/// Which step keeps a dose from its passport, and which unit must act (PAS-06). A pure function of what is known here.
struct WhyAnswer: Sendable, Equatable {
    /// As the operator's `why` names them.
    enum Step: String, Sendable {
        case intake, identity, correction, signing, issuance, none
    }

    var step: Step
    var blocked: Bool
    var since: Instant?
    var unitCode: String
    var vietnamese: String
    var english: String
    /// The holder's valid passport, if there is one.
    var passport: CertificateNumber?

    /// What the last run left about the person.
    struct Person: Sendable, Equatable {
        /// Since when a run has something to look at.
        var markedAt: Instant?
        /// What the last run found, where it could not issue, and since when.
        var state: LineState?
        var blockedSince: Instant?
    }

    /// - Parameters:
    ///   - facilityCode: who gave the dose and has to act on it.
    ///   - issuingUnit: who opens day runs.
    ///   - passport: the valid passport of the dose's person.
    init(
        facts: DoseFacts, facilityCode: String, issuingUnit: String, person: Person, passport: CertificateNumber?
    ) {
        let standing = DoseStanding.of(facts)
        self.init(
            step: .none, blocked: false, since: nil, unitCode: "", vietnamese: "Đã có hộ chiếu vắc xin",
            english: "There is a passport", passport: passport)
        if passport != nil, standing != .counted || person.markedAt == nil, person.state == nil { return }
        if standing != .counted {
            become(standing, facts, facilityCode)
        } else if let markedAt = person.markedAt {
            block(
                .issuance, issuingUnit, markedAt, "Chờ ký số tập trung cuối ngày",
                "It waits for the central signature at the end of the day")
        } else {
            become(person.state, person.blockedSince, facilityCode, issuingUnit)
        }
    }

    private init(
        step: Step, blocked: Bool, since: Instant?, unitCode: String, vietnamese: String, english: String,
        passport: CertificateNumber?
    ) {
        self.step = step
        self.blocked = blocked
        self.since = since
        self.unitCode = unitCode
        self.vietnamese = vietnamese
        self.english = english
        self.passport = passport
    }

    private mutating func become(_ standing: DoseStanding, _ facts: DoseFacts, _ facility: String) {
        let recorded = facts.record?.shown?.recordedAt
        let decided = facts.judgement?.decidedAt
        switch standing {
        case .counted: break
        case .recordAwaited:
            block(.intake, facility, nil, "Chưa nhận được bản ghi mũi tiêm", "The dose record has not arrived yet")
        case .withdrawn:
            block(
                .intake, facility, recorded, "Cơ sở đã rút bản ghi mũi tiêm", "The facility has withdrawn the record")
        case .notSigned:
            block(.signing, facility, decided ?? recorded, "Cơ sở chưa ký xác nhận", "The facility has not signed yet")
        case .minutesOnly:
            block(
                .signing, facility, facts.attestation?.signedAt, "Mới có biên bản, chưa có chữ ký số của cơ sở",
                "Covered by minutes only; the facility has not signed")
        case .stale, .changedSinceSigning, .digestDiffers:
            block(
                .signing, facility, recorded, "Nội dung đã thay đổi sau khi ký; cơ sở phải ký lại",
                "The content has changed since it was signed; the facility has to sign again")
        case .verdictAwaited, .personAwaited:
            block(
                .identity, "", recorded, "Chờ đối sánh với Cơ sở dữ liệu quốc gia về dân cư",
                "It waits for the check against the population register")
        case .notRight, .ofNobody:
            block(
                .correction, facility, decided, "Thông tin chưa được xác thực đúng",
                "The information is not verified right")
        }
    }

    private mutating func become(_ state: LineState?, _ since: Instant?, _ facility: String, _ issuing: String) {
        switch state {
        case .contradiction:
            block(
                .issuance, facility, since, "Các mũi tiêm đã ký của người này mâu thuẫn nhau (số mũi, ngày tiêm)",
                "Contradiction: this person's signed doses contradict each other (dose numbers, dates)")
        case .unwritable:
            block(
                .issuance, facility, since, "Nội dung đã ký không ghi được vào hộ chiếu vắc xin",
                "What was signed cannot be written in a passport")
        case .incomplete, .empty, .current, nil:
            block(
                .issuance, issuing, since, "Chờ dữ liệu từ các bước trước",
                "It waits for facts of earlier steps")
        }
    }

    private mutating func block(
        _ step: Step, _ unit: String, _ since: Instant?, _ vietnamese: String, _ english: String
    ) {
        self.step = step
        blocked = true
        self.since = since
        unitCode = unit
        self.vietnamese = vietnamese
        self.english = english
    }
}
