/// The words in which a comparison is told to people who work on corrections: Vietnamese, and English behind a slash.
enum NameEvidenceText {
    static func text(of comparison: NameComparison) -> String {
        var parts: [String] = []
        if comparison.agreement != .absent, let source = sources[comparison.source] { parts.append(source) }
        if let agreement = agreements[comparison.agreement] { parts.append(agreement) }
        let explained = comparison.agreement >= .orderDiffers
        for (evidence, text) in details where explained && comparison.evidence.contains(evidence) { parts.append(text) }
        return parts.joined(separator: "; ")
    }

    private static let sources: [ReadingSource: String] = [
        .cleaned: "đã bỏ danh xưng, ghi chú / title or note left out",
        .telex: "còn sót phím Telex / Telex keys left in", .vni: "còn sót phím VNI / VNI keys left in",
        .viqr: "gõ kiểu VIQR / typed as VIQR", .tcvn3: "phông TCVN3 (ABC) / TCVN3 (ABC) font",
        .vniWindows: "phông VNI / VNI font", .windows1258: "bảng mã windows-1258 / windows-1258 encoding",
        .mojibake: "UTF-8 đọc sai bảng mã / UTF-8 misread",
        .lookAlikes: "ký tự trông giống chữ / look-alike characters",
    ]

    private static let agreements: [NameAgreement: String] = [
        .tonePlacement: "dấu thanh đặt khác chỗ / tone mark on another vowel",
        .toneByEar: "hỏi, ngã lẫn nhau / hỏi and ngã exchanged", .toneDiffers: "khác dấu thanh / tone mark differs",
        .diacriticsDiffer: "chỉ khác dấu / only diacritics differ",
        .lettersLost: "mất chữ do bảng mã / letters lost in an encoding",
        .spacingDiffers: "dính hoặc tách chữ / words joined or split", .orderDiffers: "khác thứ tự / other order",
        .soundsAlike: "viết theo âm / spelled by ear", .oneEdit: "sai một chữ cái / one letter differs",
        .abbreviated: "viết tắt / abbreviated", .initials: "chỉ có chữ cái đầu / initials only",
        .middleMissing: "thiếu tên đệm / middle name missing", .middleExtra: "thừa tên đệm / middle name too many",
        .twoEdits: "hai chỗ sai nhỏ / two small differences",
        .surnameDiffers: "khác họ, phần còn lại giống / surname differs, the rest agrees",
        .middleDiffers: "khác tên đệm / middle names differ",
        .givenDiffers: "giống họ và đệm, khác tên / other given name, the rest agrees",
        .givenOnly: "chỉ giống tên / given name only", .surnameOnly: "chỉ giống họ / surname only",
        .different: "tên khác / other name", .absent: "không có tên / no name",
    ]

    private static let details: [(NameEvidence, String)] = [
        (.tones, "khác dấu thanh / tone mark differs"), (.diacritics, "khác dấu / diacritics differ"),
        (.byEar, "viết theo âm / by ear"), (.edit, "sai chữ cái / letter differs"),
        (.abbreviation, "viết tắt / abbreviated"), (.order, "khác thứ tự / other order"),
        (.spacing, "dính hoặc tách chữ / joined or split"), (.surnameMissing, "thiếu họ / surname missing"),
        (.givenMissing, "thiếu tên / given name missing"), (.lostLetters, "mất chữ / letters lost"),
    ]
}
