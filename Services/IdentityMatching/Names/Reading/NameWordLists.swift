/// Words that are not part of a name though they stand with it, and words that names begin with.
enum NameWordLists {
    /// Forms of address and ranks before a name (danh xưng). Those that are also names or surnames (Ông Ích Khiêm, Anh,
    /// Bé) are dropped only before a surname.
    static let titles = [
        "ông", "bà", "anh", "chị", "cô", "chú", "bác", "cậu", "dì", "cháu", "bé", "em", "cụ", "thầy", "mẹ", "bố", "sư",
        "bs", "bsck", "bsckii", "ths", "thsbs", "ts", "tsbs", "gs", "gsts", "pgs", "pgsts", "ks", "cn", "đd", "ds",
        "mr",
        "mrs", "ms", "miss", "dr", "bn", "hs", "sv", "ncs",
    ]

    /// The frequent surnames, nineteen in twenty persons: a title is a title before one of these.
    static let surnames = [
        "nguyễn", "trần", "lê", "phạm", "hoàng", "huỳnh", "phan", "vũ", "võ", "đặng", "bùi", "đỗ", "hồ", "ngô", "dương",
        "lý", "đào", "đoàn", "trịnh", "đinh", "lâm", "mai", "trương", "cao", "hà", "lưu", "tăng", "tô", "tạ", "quách",
        "châu", "chu", "kiều", "thái", "tống", "thạch", "kim", "sơn", "lữ", "vương", "phùng", "lương", "từ", "triệu",
        "đàm", "nông", "hứa", "lò", "quàng", "giàng", "vàng", "sùng", "thào", "mùa", "lầu", "cầm", "vi", "hoa", "diệp",
        "la", "mạc", "nghiêm", "khổng", "phí", "doãn", "bạch", "cù", "đồng", "tôn", "trà", "danh", "điểu", "siu",
        "ksor",
        "rơ", "y", "h", "k", "văn", "thân", "giang", "lục", "ma", "hầu", "ninh", "tiêu", "thiều", "viên", "ông",
    ]

    /// Beginnings of notes behind a name: whose child, which dose, which number. A phrase is one or two words;
    /// in a name without any diacritics they count without theirs.
    static let notes = [
        "con bà", "con ông", "con chị", "con anh", "con cô", "con của", "con mẹ", "vợ ông", "vợ anh", "chồng bà",
        "chồng chị", "cháu ông", "cháu bà", "mẹ là", "bố là", "mẹ tên", "bố tên", "sinh năm", "sinh ngày", "năm sinh",
        "ngày sinh", "mũi", "tiêm mũi", "đã tiêm", "chưa tiêm", "số điện", "điện thoại", "khu phố", "tổ dân", "địa chỉ",
        "sn", "ns", "cmnd", "cccd", "cmt", "cmtnd", "hộ chiếu", "sđt", "đt", "dt", "tel", "đc", "kp", "thôn", "ấp",
    ]
}
