import RecordModel

/// Why an answer is refused: a slug, the field it is about, and a sentence in Vietnamese and English. Holds no value.
enum ResolutionRefusal: Error, Hashable, Sendable {
    case unknownTask, notYourArea, taskClosed, wrongKind, nothingChanged, nothingOpen, unknownResolution, unknownCommune
    case
        unreadableRow(String)
    case badField(String, String)

    var slug: String {
        switch self {
        case .unknownTask: "unknown-task"
        case .notYourArea: "not-your-area"
        case .taskClosed: "task-closed"
        case .wrongKind: "wrong-kind"
        case .nothingChanged: "nothing-changed"
        case .nothingOpen: "nothing-open"
        case .unknownResolution: "unknown-resolution"
        case .unknownCommune: "unknown-commune"
        case .unreadableRow: "unreadable-row"
        case .badField: "bad-field"
        }
    }

    var vietnamese: String {
        switch self {
        case .unknownTask: "Không có việc này"
        case .notYourArea: "Việc này không thuộc địa bàn của đơn vị"
        case .taskClosed: "Việc này đã đóng"
        case .wrongKind: "Câu trả lời không đúng loại việc"
        case .nothingChanged: "Không có gì thay đổi so với dữ liệu đã nhập"
        case .nothingOpen: "Bản ghi không có gì cần sửa"
        case .unknownResolution: "Kết quả xác minh không hợp lệ"
        case .unknownCommune: "Không có trạm y tế ở xã này trong danh mục"
        case .unreadableRow: "Không đọc được dòng này"
        case .badField(let field, _): "Giá trị không hợp lệ: \(field)"
        }
    }

    var english: String {
        switch self {
        case .unknownTask: "there is no such task"
        case .notYourArea: "the task is not in your unit's area"
        case .taskClosed: "the task is closed"
        case .wrongKind: "this answer is not for this kind of task"
        case .nothingChanged: "nothing differs from what was typed; answer confirmed-as-typed"
        case .nothingOpen: "the record has nothing to correct"
        case .unknownResolution:
            "resolution must be corrected, confirmed-as-typed, no-such-person or other-area"
        case .unknownCommune: "commune must be the code of a commune with a station in the list of units"
        case .unreadableRow(let rule): "the row cannot be read: \(rule)"
        case .badField(let field, let rule): "\(field): \(rule)"
        }
    }
}

/// The identity that police put in the place of what was typed; absent items stay as typed.
struct IdentityAnswer: Hashable, Sendable {
    var fullName = ""
    var sex = ""
    var dateOfBirth = ""
    var idNumber = ""

    /// The new identity of a record. Police confirm facts, so dirt that is accepted from facilities is refused here.
    func identity(over typed: TypedIdentity, today: CalendarDate) throws(ResolutionRefusal) -> TypedIdentity {
        let new = TypedIdentity(
            fullName: fullName.isEmpty ? typed.fullName : fullName, sex: sex.isEmpty ? typed.sex : sex,
            dateOfBirth: dateOfBirth.isEmpty ? typed.dateOfBirth : dateOfBirth,
            idNumber: idNumber.isEmpty ? typed.idNumber : idNumber)
        guard new != typed else { throw .nothingChanged }
        if new.fullName.isEmpty || new.fullName.unicodeScalars.count > 256 {
            throw .badField("full_name", "must be there, at most 256 characters")
        }
        guard ["M", "F", "0", "1", "NAM", "NỮ"].contains(new.sex.uppercased()) else {
            throw .badField("sex", "must be M or F")
        }
        guard let date = IdentityAnswer.date(new.dateOfBirth), date <= today else {
            throw .badField("date_of_birth", "must be a date, YYYY-MM-DD or dd/MM/yyyy, not in the future")
        }
        let digits = new.idNumber.unicodeScalars.filter { $0 != " " && $0 != "." }
        guard digits.count == 12 || digits.count == 9, digits.allSatisfy({ ("0"..."9").contains($0) }) else {
            throw .badField("id_number", "must have 12 or 9 digits")
        }
        return new
    }

    /// `YYYY-MM-DD` or `dd/MM/yyyy`, day first.
    static func date(_ text: String) -> CalendarDate? {
        if let date = CalendarDate(iso: text) { return date }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, let day = Int(parts[0]), let month = Int(parts[1]), let year = Int(parts[2]) else {
            return nil
        }
        return CalendarDate(year: year, month: month, day: day)
    }
}

/// Dose fields that the giving facility confirms; empty items stay as they are.
struct DoseAnswer: Hashable, Sendable {
    var doseNumber = ""
    var vaccine = ""
    var lotNumber = ""
    var injectedOn = ""
    var doseKind = ""

    func correction(
        over dose: DoseDetails, rule: RecordRule, today: CalendarDate
    ) throws(ResolutionRefusal) -> DoseCorrection {
        if !doseNumber.isEmpty {
            guard let number = Int32(doseNumber), rule.doseNumbers.contains(number) else {
                throw .badField(
                    "dose_number",
                    "must be a whole number from \(rule.doseNumbers.lowerBound) to \(rule.doseNumbers.upperBound)")
            }
        }
        if !vaccine.isEmpty, VaccineCatalogue.standard.product(typed: vaccine) == nil {
            throw .badField("vaccine", "must name a vaccine of the value set")
        }
        if !injectedOn.isEmpty {
            guard let date = CalendarDate(iso: injectedOn), date <= today else {
                throw .badField("injected_on", "must be a date, YYYY-MM-DD, not in the future")
            }
        }
        guard DoseKind(label: doseKind) != nil else {
            throw .badField("dose_kind", "must be primary, additional or booster")
        }
        if lotNumber.unicodeScalars.count > 64 { throw .badField("lot_number", "must have at most 64 characters") }
        let product = VaccineCatalogue.standard.product(typed: vaccine)?.product ?? ""
        let isChanged =
            (!doseNumber.isEmpty && Int32(doseNumber) != dose.doseNumber)
            || (!product.isEmpty && product != dose.vaccine)
            || (!lotNumber.isEmpty && lotNumber != dose.lotNumber)
            || (!injectedOn.isEmpty && injectedOn != dose.injectedOn)
            || (!doseKind.isEmpty && doseKind != dose.kind.label)
        guard isChanged else { throw .nothingChanged }
        return DoseCorrection(
            doseNumber: doseNumber, vaccine: vaccine, lotNumber: lotNumber, injectedOn: injectedOn, doseKind: doseKind)
    }
}
