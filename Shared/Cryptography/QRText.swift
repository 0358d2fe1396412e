import CQREncode

/// A QR code drawn with text, two modules a line.
public enum QRText {
    /// The code of a text in alphanumeric mode, error correction Q (ISO 18004; HCERT asks for both), with its quiet
    /// zone. Throws if a letter is outside the mode or the text too long.
    /// - Parameter colours: white paper and black ink by ANSI escapes; without them the light modules are drawn, for
    ///   a dark terminal.
    public static func render(_ text: String, colours: Bool = true) throws(CryptographyError) -> String {
        let code = try QRMatrix(alphanumeric: text)
        let quiet = 2
        var lines: [String] = []
        for row in stride(from: -quiet, to: code.width + quiet, by: 2) {
            var line = colours ? "\u{1B}[38;5;16;48;5;231m" : ""
            for column in -quiet..<code.width + quiet {
                let upper = code.isDark(column, row)
                let lower = code.isDark(column, row + 1)
                switch colours ? (upper, lower) : (!upper, !lower) {
                case (true, true): line += "█"
                case (true, false): line += "▀"
                case (false, true): line += "▄"
                case (false, false): line += " "
                }
            }
            lines.append(line + (colours ? "\u{1B}[0m" : ""))
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// The modules of a QR code.
struct QRMatrix {
    let width: Int
    private let modules: [UInt8]

    init(alphanumeric text: String) throws(CryptographyError) {
        let failed = CryptographyError("draw QR code", "a letter outside the alphanumeric mode, or too long")
        guard let input = QRinput_new2(0, QR_ECLEVEL_Q) else { throw failed }
        defer { QRinput_free(input) }
        let letters = Array(text.utf8)
        guard QRinput_append(input, QR_MODE_AN, Int32(letters.count), letters) == 0,
            let code = QRcode_encodeInput(input)
        else { throw failed }
        defer { QRcode_free(code) }
        width = Int(code.pointee.width)
        modules = Array(UnsafeBufferPointer(start: code.pointee.data, count: width * width))
    }

    /// Whether a module is dark; outside the code all are light.
    func isDark(_ column: Int, _ row: Int) -> Bool {
        guard (0..<width).contains(column), (0..<width).contains(row) else { return false }
        return modules[row * width + column] & 1 == 1
    }
}
