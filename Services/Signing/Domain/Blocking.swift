import RecordModel

/// What Signing can say about why a dose has no passport yet (PAS-06).
struct Blocking: Hashable, Sendable {
    enum Step: String, Sendable {
        case intake, identity, correction, signing, none
    }

    var step: Step
    var blocked: Bool
    var since: Instant?
    /// The unit that must act; empty where none of the facilities' side can.
    var unitCode: String
    var vietnamese: String
    var english: String

    /// - Parameter hasCertificate: whether a certificate in force is registered for the facility.
    init(
        facilityCode: String, facts: DoseFacts, attestation: Attestation?, hasCertificate: Bool, limits: SigningLimits,
        recordedAt: Instant?
    ) {
        let signability = Signability.of(facts, attestation: attestation, limits: limits)
        switch signability {
        case .ready where hasCertificate:
            self.init(
                .signing, since: facts.verdict?.decidedAt, facilityCode, "Đã xác thực đúng, chờ cơ sở tiêm chủng ký số",
                "Verified right; waits for the facility's signature")
        case .ready:
            self.init(
                .signing, since: facts.verdict?.decidedAt, facilityCode,
                "Đã xác thực đúng nhưng cơ sở chưa đăng ký chứng thư số còn hiệu lực",
                "Verified right, but the facility has no valid certificate registered")
        case .blocked(.attested):
            self.init(
                .none, blocked: false, since: attestation?.signedAt, "", "Cơ sở tiêm chủng đã ký số",
                "Signed by the facility")
        case .blocked(.withdrawn):
            self.init(
                .intake, since: recordedAt, facilityCode, "Cơ sở tiêm chủng đã rút lại bản ghi này",
                "The facility has withdrawn this record")
        case .blocked(.recordUnknown), .blocked(.notVerified):
            self.init(
                .identity, since: recordedAt, "", "Chờ đối sánh với Cơ sở dữ liệu quốc gia về dân cư",
                "Waits for the check against the population register")
        case .blocked(.personUnknown):
            self.init(
                .identity, since: facts.verdict?.decidedAt, "", "Đã xác thực đúng, chờ xác định đối tượng",
                "Verified right; waits for the person to be told")
        case .blocked(.wrong):
            self.init(
                .correction, since: facts.verdict?.decidedAt, facilityCode,
                "Thông tin xác thực sai nên không được ký; cơ sở cần rà soát",
                "Verified wrong, so it cannot be signed; the facility must review it")
        case .blocked(.cannotVerify):
            self.init(
                .correction, since: facts.verdict?.decidedAt, facilityCode,
                "Không thể xác thực do thiếu hoặc sai thông tin nên không được ký; cơ sở cần rà soát",
                "Cannot be verified, so it cannot be signed; the facility must review it")
        case .blocked(.exempt):
            self.init(
                .signing, since: facts.verdict?.decidedAt, "",
                "Người nước ngoài không thuộc diện đối sánh; việc ký theo quy định riêng chưa mở",
                "Exempt from the register check; signing of foreigners' doses is not open yet")
        case .blocked(.doseNumberOutOfRange):
            self.init(
                .correction, since: recordedAt, facilityCode,
                "Số thứ tự mũi tiêm nằm ngoài phạm vi cho phép nên không được ký; cơ sở cần sửa",
                "The dose number is out of range, so it cannot be signed; the facility must correct it")
        }
        if let attestation, !attestation.stands, blocked {
            vietnamese += ". Chữ ký trước đây không còn hiệu lực do dữ liệu đã thay đổi"
            english += ". An earlier signature no longer stands because data changed"
        }
    }

    private init(
        _ step: Step, blocked: Bool = true, since: Instant?, _ unitCode: String, _ vietnamese: String, _ english: String
    ) {
        self.step = step
        self.blocked = blocked
        self.since = since
        self.unitCode = unitCode
        self.vietnamese = vietnamese
        self.english = english
    }
}
