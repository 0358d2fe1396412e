/// Vietnamese full names, drawn by frequency: họ, tên đệm, tên.
///
/// Surname weights follow counts over some 8,700 names (in tenths of a per cent); Thị is raised to the general
/// population's share. The word lists are this project's own.
struct FullName {
    var surname: String
    var middle: String
    var given: String

    var text: String { middle.isEmpty ? surname + " " + given : surname + " " + middle + " " + given }
}

enum Sex {
    case male
    case female
    var letter: String { self == .male ? "M" : "F" }
}

enum Names {
    static let surnames = Weighted<String>([
        ("Nguyễn", 314), ("Trần", 97), ("Lê", 90), ("Phạm", 64), ("Võ", 33), ("Huỳnh", 29), ("Phan", 26), ("Bùi", 26),
        ("Hoàng", 25), ("Vũ", 22), ("Trương", 20), ("Đỗ", 20), ("Đặng", 19), ("Hồ", 17), ("Ngô", 15), ("Dương", 14),
        ("Lý", 12), ("Đinh", 11), ("Đào", 11), ("Đoàn", 9), ("Lâm", 9), ("Trịnh", 8), ("Mai", 8), ("Cao", 7),
        ("Lương", 7), ("Tô", 6), ("Tạ", 6), ("Hà", 6), ("Châu", 5), ("Thái", 5), ("Quách", 3), ("Tăng", 3),
        ("Kiều", 3), ("Nghiêm", 2), ("Vương", 2), ("Từ", 2), ("Phùng", 2), ("La", 2), ("Chu", 2), ("Thạch", 2),
    ])

    private static let maleMiddle = Weighted<String>([
        ("Văn", 220), ("Minh", 80), ("Đức", 60), ("Hữu", 55), ("Quốc", 55), ("Thanh", 50), ("Công", 35), ("Ngọc", 35),
        ("Xuân", 30), ("Đình", 30), ("Anh", 25), ("Tuấn", 25), ("Hoàng", 25), ("Quang", 25), ("Trọng", 20),
        ("Thành", 20), ("Gia", 20), ("Duy", 20), ("Bá", 15), ("Viết", 12), ("Thế", 12), ("Trung", 12), ("Tấn", 12),
        ("Nhật", 10), ("Khắc", 8), ("", 14),
    ])

    private static let femaleMiddle = Weighted<String>([
        ("Thị", 430), ("Ngọc", 70), ("Thanh", 45), ("Thu", 40), ("Kim", 35), ("Bích", 25), ("Minh", 25), ("Hồng", 25),
        ("Mỹ", 25), ("Phương", 25), ("Thùy", 20), ("Quỳnh", 20), ("Bảo", 15), ("Hoài", 15), ("Khánh", 15),
        ("Ánh", 12), ("Xuân", 12), ("Tuyết", 12), ("Diễm", 10), ("Như", 10), ("Hà", 10), ("Cẩm", 8), ("", 8),
    ])

    private static let maleGiven = Weighted<String>([
        ("Hùng", 32), ("Dũng", 30), ("Tuấn", 30), ("Minh", 28), ("Hòa", 26), ("Nam", 26), ("Long", 24), ("Hải", 24),
        ("Thành", 22), ("Sơn", 22), ("Tâm", 20), ("Phúc", 20), ("Đức", 20), ("Khoa", 18), ("Huy", 18), ("Bình", 18),
        ("Quân", 16), ("Cường", 16), ("Thắng", 16), ("Trung", 16), ("Tiến", 14), ("Phong", 14), ("Vinh", 14),
        ("Hiếu", 14), ("Lộc", 14), ("Đạt", 14), ("Kiệt", 12), ("Thịnh", 12), ("Tài", 12), ("Duy", 12), ("Quý", 10),
        ("Nghĩa", 10), ("Toàn", 10), ("Khánh", 10), ("Việt", 10), ("An", 10), ("Bảo", 10), ("Hoàng", 10), ("Phước", 8),
        ("Tùng", 8), ("Thái", 8), ("Đông", 8), ("Luân", 6), ("Thuận", 6), ("Chiến", 6), ("Trí", 6), ("Hậu", 6),
        ("Nhân", 6), ("Tòng", 3), ("Lý", 3), ("Thủy", 3), ("Ý", 1), ("Đại", 3), ("Kha", 3), ("Vỹ", 2),
    ])

    private static let femaleGiven = Weighted<String>([
        ("Lan", 30), ("Hương", 30), ("Hoa", 28), ("Linh", 28), ("Thúy", 26), ("Thủy", 26), ("Hằng", 24), ("Nga", 24),
        ("Mai", 24), ("Hà", 22), ("Trang", 22), ("Anh", 22), ("Phương", 20), ("Ngọc", 20), ("Hạnh", 20), ("Yến", 18),
        ("Hiền", 18), ("Dung", 18), ("Thảo", 18), ("Loan", 16), ("Tuyết", 16), ("Nhung", 16), ("Hồng", 16),
        ("Thu", 14), ("Liên", 14), ("Vân", 14), ("Xuân", 14), ("Oanh", 12), ("Quyên", 12), ("Trinh", 12), ("Vy", 12),
        ("My", 12), ("Nhi", 12), ("Châu", 10), ("Trâm", 10), ("Thắm", 10), ("Hòa", 10), ("Thùy", 10), ("Ngân", 10),
        ("Diệu", 8), ("Giang", 8), ("Lý", 6), ("Nguyệt", 8), ("Phượng", 8), ("Sương", 6), ("Tâm", 8), ("Thoa", 8),
        ("Thơ", 6), ("Tiên", 8), ("Uyên", 8), ("Ý", 3), ("Như", 6), ("Quỳnh", 8), ("Khuê", 3), ("Lụa", 3), ("Út", 2),
    ])

    /// Second middle words of four-word names.
    private static let extraMiddle = Weighted<String>([
        ("Ngọc", 30), ("Thanh", 28), ("Minh", 26), ("Hoàng", 22), ("Thùy", 14), ("Bảo", 14), ("Kim", 12), ("Như", 10),
        ("Xuân", 10), ("Hồng", 10), ("Khánh", 10), ("Tường", 4), ("Hải", 8), ("Quốc", 8), ("Nhật", 8),
    ])

    /// Names of other peoples of Viet Nam that the kinh pattern does not make.
    private static let otherPeoples: [(Sex, FullName)] = [
        (.female, FullName(surname: "H'Hen", middle: "", given: "Niê")),
        (.female, FullName(surname: "H'Bia", middle: "", given: "Ayŭn")),
        (.male, FullName(surname: "Y", middle: "Bhăm", given: "Êban")),
        (.male, FullName(surname: "Ksor", middle: "", given: "Phước")),
        (.male, FullName(surname: "A", middle: "", given: "Lùng")),
        (.female, FullName(surname: "K'", middle: "Thị", given: "Brểu")),
        (.male, FullName(surname: "Danh", middle: "Sà", given: "Rươl")),
        (.female, FullName(surname: "Thạch", middle: "Thị Sa", given: "Rây")),
    ]

    /// A full name; a child takes the household's surname.
    static func draw(_ sex: Sex, surname: String?, _ random: inout Xoshiro) -> FullName {
        if surname == nil, random.chance(60) {
            let others = otherPeoples.filter { $0.0 == sex }
            return random.pick(others).1
        }
        var middle = (sex == .male ? maleMiddle : femaleMiddle).draw(&random)
        let given = (sex == .male ? maleGiven : femaleGiven).draw(&random)
        if !middle.isEmpty, random.chance(1600) {
            let extra = extraMiddle.draw(&random)
            if extra != middle, extra != given { middle += " " + extra }
        }
        return FullName(surname: surname ?? surnames.draw(&random), middle: middle, given: given)
    }
}
