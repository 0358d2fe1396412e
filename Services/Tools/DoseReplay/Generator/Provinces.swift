/// The 63 provinces of 2021-22 with the digits that begin a personal id (annex of Circular 07/2016/TT-BCA).
enum Provinces {
    struct Province {
        /// Three digits, as in a personal id.
        let idPrefix: String
        let name: String
        /// The statistics office's two digits.
        var code: String { String(idPrefix.dropFirst()) }
    }

    static let all: [Province] = [
        Province(idPrefix: "001", name: "Hà Nội"), Province(idPrefix: "002", name: "Hà Giang"),
        Province(idPrefix: "004", name: "Cao Bằng"), Province(idPrefix: "006", name: "Bắc Kạn"),
        Province(idPrefix: "008", name: "Tuyên Quang"), Province(idPrefix: "010", name: "Lào Cai"),
        Province(idPrefix: "011", name: "Điện Biên"), Province(idPrefix: "012", name: "Lai Châu"),
        Province(idPrefix: "014", name: "Sơn La"), Province(idPrefix: "015", name: "Yên Bái"),
        Province(idPrefix: "017", name: "Hòa Bình"), Province(idPrefix: "019", name: "Thái Nguyên"),
        Province(idPrefix: "020", name: "Lạng Sơn"), Province(idPrefix: "022", name: "Quảng Ninh"),
        Province(idPrefix: "024", name: "Bắc Giang"), Province(idPrefix: "025", name: "Phú Thọ"),
        Province(idPrefix: "026", name: "Vĩnh Phúc"), Province(idPrefix: "027", name: "Bắc Ninh"),
        Province(idPrefix: "030", name: "Hải Dương"), Province(idPrefix: "031", name: "Hải Phòng"),
        Province(idPrefix: "033", name: "Hưng Yên"), Province(idPrefix: "034", name: "Thái Bình"),
        Province(idPrefix: "035", name: "Hà Nam"), Province(idPrefix: "036", name: "Nam Định"),
        Province(idPrefix: "037", name: "Ninh Bình"), Province(idPrefix: "038", name: "Thanh Hóa"),
        Province(idPrefix: "040", name: "Nghệ An"), Province(idPrefix: "042", name: "Hà Tĩnh"),
        Province(idPrefix: "044", name: "Quảng Bình"), Province(idPrefix: "045", name: "Quảng Trị"),
        Province(idPrefix: "046", name: "Thừa Thiên Huế"), Province(idPrefix: "048", name: "Đà Nẵng"),
        Province(idPrefix: "049", name: "Quảng Nam"), Province(idPrefix: "051", name: "Quảng Ngãi"),
        Province(idPrefix: "052", name: "Bình Định"), Province(idPrefix: "054", name: "Phú Yên"),
        Province(idPrefix: "056", name: "Khánh Hòa"), Province(idPrefix: "058", name: "Ninh Thuận"),
        Province(idPrefix: "060", name: "Bình Thuận"), Province(idPrefix: "062", name: "Kon Tum"),
        Province(idPrefix: "064", name: "Gia Lai"), Province(idPrefix: "066", name: "Đắk Lắk"),
        Province(idPrefix: "067", name: "Đắk Nông"), Province(idPrefix: "068", name: "Lâm Đồng"),
        Province(idPrefix: "070", name: "Bình Phước"), Province(idPrefix: "072", name: "Tây Ninh"),
        Province(idPrefix: "074", name: "Bình Dương"), Province(idPrefix: "075", name: "Đồng Nai"),
        Province(idPrefix: "077", name: "Bà Rịa - Vũng Tàu"), Province(idPrefix: "079", name: "Hồ Chí Minh"),
        Province(idPrefix: "080", name: "Long An"), Province(idPrefix: "082", name: "Tiền Giang"),
        Province(idPrefix: "083", name: "Bến Tre"), Province(idPrefix: "084", name: "Trà Vinh"),
        Province(idPrefix: "086", name: "Vĩnh Long"), Province(idPrefix: "087", name: "Đồng Tháp"),
        Province(idPrefix: "089", name: "An Giang"), Province(idPrefix: "091", name: "Kiên Giang"),
        Province(idPrefix: "092", name: "Cần Thơ"), Province(idPrefix: "093", name: "Hậu Giang"),
        Province(idPrefix: "094", name: "Sóc Trăng"), Province(idPrefix: "095", name: "Bạc Liêu"),
        Province(idPrefix: "096", name: "Cà Mau"),
    ]

    /// Larger ones first: where a small sample of the country is taken.
    static let byWeight: [Province] = {
        let first = ["079", "001", "074", "075", "089", "048", "031", "038", "040", "092"]
        return first.map { prefix in all.first { $0.idPrefix == prefix }! }
            + all.filter { !first.contains($0.idPrefix) }
    }()
}
