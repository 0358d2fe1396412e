/// `operator qr`: one passport as a QR in the terminal, with what a verifier reads from it.
import Cryptography
import Foundation
import Glibc
import RecordModel
import ToolArguments

enum PassportQR {
    static let command = Operator.Command(
        name: "qr",
        usage: """
              qr --passports F.ndjson --trust DIR [--certificate ID] [--plain]
                                                 in một hộ chiếu dạng QR / print one passport as a QR, decoded
            """,
        options: ["--passports", "--trust", "--certificate", "--at"], flags: ["--plain"]
    ) { arguments, _ in
        let passport = try passport(
            in: try arguments.required("--passports"), wanted: arguments.values["--certificate"])
        let verifier = try VerifyPassport.verifier(trust: try arguments.required("--trust"), revocations: nil)
        guard let text = passport["hc1"] as? String else { throw NoPassport() }
        try Output.line(try QRText.render(text, colours: !arguments.flags.contains("--plain") && isatty(1) == 1))
        do throws(PassportRejection) {
            let verified = try verifier.verify(text, at: Instant.now().microseconds / 1_000_000)
            try? Output.line(describe(verified, certificate: passport["certificate_id"] as? String ?? ""))
            return 0
        } catch {
            Output.note("không chấp nhận / rejected: \(error)")
            return 1
        }
    }

    struct NoPassport: Error, CustomStringConvertible {
        var description: String { "không có hộ chiếu hợp lệ / there is no valid passport" }
    }

    /// The one that is wanted, else the first valid one.
    static func passport(in path: String, wanted: String?) throws -> [String: Any] {
        guard let data = FileManager.default.contents(atPath: path) else { throw InputUnreadable(path: path) }
        for line in data.split(separator: 0x0A) {
            guard let object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any] else { continue }
            let matches =
                wanted.map { $0 == object["certificate_id"] as? String } ?? (object["status"] as? String == "valid")
            if matches { return object }
        }
        throw NoPassport()
    }

    /// The displayed fields of Decision 5772/QĐ-BYT, as far as the QR holds them.
    static func describe(_ passport: VerifiedPassport, certificate: String) -> String {
        let content = passport.content
        let product = VaccineCatalogue.standard.products.first { $0.mp == content.product }?.product ?? content.product
        let rows = [
            ("Họ và tên / name", "\(content.familyName) \(content.givenName)"),
            ("Ngày sinh / date of birth", content.dateOfBirth),
            ("Bệnh / disease targeted", content.disease == "840539006" ? "COVID-19 (840539006)" : content.disease),
            ("Số mũi đã tiêm / dose", "\(content.doseNumber)/\(content.seriesDoses)"),
            ("Ngày tiêm / vaccinated on", content.vaccinatedOn),
            ("Vắc xin / vaccine", "\(product) (\(content.product), \(content.prophylaxis))"),
            ("Nhà sản xuất / manufacturer", content.maker),
            ("Nơi cấp / issuer", "\(content.issuer), \(content.country)"),
            ("Mã chứng nhận / certificate", content.certificateID.isEmpty ? certificate : content.certificateID),
            ("Cấp lúc / issued", Instant(microseconds: passport.issuedAt * 1_000_000).rfc3339),
            ("Hết hạn / expires", Instant(microseconds: passport.expiresAt * 1_000_000).rfc3339),
            ("Chữ ký / signature", "hợp lệ / valid"),
        ]
        let width = (rows.map { $0.0.count }.max() ?? 0) + 2
        return rows.map { $0.0 + String(repeating: " ", count: width - $0.0.count) + $0.1 }.joined(separator: "\n")
    }
}
