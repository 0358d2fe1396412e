/// One name in two regional forms: names of the Nguyễn lords were taboo and Southern speech went its way, so that Hoàng
/// is Huỳnh and Vũ is Võ. The card holds one form, the person may say the other.
///
/// Compared without diacritics, because a typed name may have none; so a pair stands here only if neither form without
/// diacritics is another frequent name (thịnh/thạnh would join Thịnh and Thanh). The first of a group stands for all.
enum RegionalDoublets {
    static let groups: [[String]] = [
        ["hoàng", "huỳnh", "huình"], ["vũ", "võ"], ["phúc", "phước"], ["chu", "châu"], ["nhật", "nhựt"],
        ["sinh", "sanh"], ["bảo", "bửu"], ["cảnh", "kiểng"], ["chính", "chánh"], ["tính", "tánh"], ["tùng", "tòng"],
        ["nghĩa", "ngãi"], ["cương", "cang"], ["thái", "thới"], ["quý", "quới"], ["đảm", "đởm"], ["nhân", "nhơn"],
        ["nguyên", "ngươn"], ["kính", "kiếng"],
    ]
}
