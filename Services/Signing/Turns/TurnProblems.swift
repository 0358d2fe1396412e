import Cryptography
import Web

/// What a refused turn or signature is answered with.
extension Problem {
    init(_ refusal: TurnPreparationRefusal) {
        switch refusal {
        case .tooManyPersons(let persons, let limit):
            self.init(
                status: 422, type: "too-many-persons", titleVI: "Một lượt ký có tối đa \(limit) đối tượng",
                titleEN: "A turn holds at most \(limit) persons", detail: "\(persons) persons were asked for",
                fields: [("persons", "at most \(limit)")])
        case .tooManyDosesOfAPerson(let limit):
            self.init(
                status: 422, type: "too-many-doses",
                titleVI: "Mỗi đối tượng có tối đa \(limit) mũi tiêm trong một lượt ký",
                titleEN: "A turn holds at most \(limit) doses of one person",
                fields: [("dose_ids", "at most \(limit) of one person")])
        case .foreignDoses(let doses):
            self.init(
                status: 403, type: "foreign-doses", titleVI: "Chỉ được ký mũi tiêm do cơ sở mình thực hiện",
                titleEN: "Only doses given at the own facility can be signed",
                detail: "\(doses.count) doses are of others",
                fields: doses.prefix(100).map { ("dose_ids", "\($0) was given elsewhere") })
        case .notSignable(let doses):
            self.init(
                status: 422, type: "not-signable", titleVI: "Có mũi tiêm chưa đủ điều kiện ký",
                titleEN: "Some doses cannot be signed", detail: "\(doses.count) doses",
                fields: doses.prefix(100).map {
                    ("dose_ids", "\($0) is unknown, not verified right, or signed already")
                })
        case .nothingToSign:
            self.init(
                status: 409, type: "nothing-to-sign", titleVI: "Không có mũi tiêm nào đủ điều kiện ký",
                titleEN: "There is nothing to sign")
        }
    }

    init(_ refusal: SignatureRefusal) {
        switch refusal {
        case .unknownTurn: self = .notFound()
        case .foreignTurn:
            self.init(
                status: 403, type: "foreign-turn", titleVI: "Lượt ký này của đơn vị khác",
                titleEN: "The turn is another unit's")
        case .notOpen(let state): self = .turnNotOpen(state)
        case .notGood(let reason):
            self.init(
                status: 422, type: "signature-refused", titleVI: "Chữ ký số không hợp lệ",
                titleEN: "The signature is not good", detail: reason)
        case .notRegistered(let serial):
            self.init(
                status: 403, type: "certificate-not-registered",
                titleVI: "Chứng thư số chưa được đăng ký cho đơn vị này",
                titleEN: "The certificate is not registered for this unit", detail: "serial \(serial)")
        case .withdrawn(let serial):
            self.init(
                status: 403, type: "certificate-withdrawn", titleVI: "Đăng ký chứng thư số đã bị thu hồi",
                titleEN: "The certificate's registration was withdrawn", detail: "serial \(serial)")
        }
    }

    init(_ refusal: RegistrationRefusal) {
        switch refusal {
        case .notUsable(let reason):
            self.init(
                status: 422, type: "certificate-not-usable", titleVI: "Chứng thư số không dùng được để ký",
                titleEN: "The certificate cannot be used for signing", detail: reason)
        case .notTrusted(let reason):
            self.init(
                status: 422, type: "certificate-not-trusted",
                titleVI: "Chứng thư số không thuộc tổ chức chứng thực được tin cậy hoặc đã hết hạn",
                titleEN: "The certificate leads to no trusted authority, or is not valid now", detail: reason)
        case .otherUnit:
            self.init(
                status: 409, type: "certificate-of-another-unit", titleVI: "Chứng thư số đã đăng ký cho đơn vị khác",
                titleEN: "The certificate is registered for another unit")
        }
    }

    static func turnNotOpen(_ state: TurnState) -> Problem {
        let (vietnamese, english) =
            switch state {
            case .signed: ("Lượt ký đã được ký", "The turn was signed already")
            case .expired: ("Lượt ký đã hết hạn, xin lập lượt mới", "The turn has expired; prepare a new one")
            case .failed, .prepared:
                ("Lượt ký không còn hiệu lực, xin lập lượt mới", "The turn is no longer open; prepare a new one")
            }
        return Problem(
            status: 409, type: "turn-not-open", titleVI: vietnamese, titleEN: english, detail: state.rawValue)
    }

    /// The first hundred moved doses; all of them are shown by the turn itself.
    static func turnMoved(_ moved: [MovedDose]) -> Problem {
        Problem(
            status: 409, type: "turn-moved", titleVI: "Dữ liệu đã thay đổi sau khi lập lượt ký, xin lập lượt mới",
            titleEN: "Data changed after the turn was prepared; prepare a new one",
            detail: "\(moved.count) doses moved",
            fields: moved.prefix(100).map { ("position \($0.position)", $0.reason.rawValue) })
    }
}

/// Lower-case hexadecimal.
func hexadecimalText(_ bytes: [UInt8]) -> String { hexadecimal(bytes) }
