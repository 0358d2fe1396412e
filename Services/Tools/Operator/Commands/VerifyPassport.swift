/// `operator verify-passport`: the offline verifier. Needs no service: certificates, revocations and the time are given.
import Cryptography
import Foundation
import Observability
import RecordModel
import ToolArguments

enum VerifyPassport {
    static let command = Operator.Command(
        name: "verify-passport",
        usage: """
              verify-passport --trust DIR [--at RFC3339] [--revocations F] FILE|-
                                                 xác minh ngoại tuyến / offline: exit 0 accepted, 1 rejected
            """,
        options: ["--trust", "--at", "--revocations"]
    ) { arguments, _ in
        guard let file = arguments.positional.first else { throw Arguments.Problem.missing("FILE | -") }
        if arguments.positional.count > 1 { throw Arguments.Problem.unexpected(arguments.positional[1]) }
        let verifier = try verifier(
            trust: try arguments.required("--trust"), revocations: arguments.values["--revocations"])
        var seconds = Instant.now().microseconds / 1_000_000
        if let text = arguments.values["--at"] {
            guard let at = Instant(rfc3339: text) else { throw Arguments.Problem.unexpected("--at \(text)") }
            seconds = at.microseconds / 1_000_000
        }
        return file == "-" ? try lines(verifier, at: seconds) : try one(file, verifier, at: seconds)
    }

    struct TrustUnusable: Error, CustomStringConvertible {
        let path: String
        let reason: String
        var description: String { "\(path): không dùng được / cannot be used: \(reason)" }
    }

    static func verifier(trust path: String, revocations: String?) throws -> PassportVerifier {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            throw InputUnreadable(path: path)
        }
        var certificates: [Certificate] = []
        for name in names.sorted() where name.hasSuffix(".pem") {
            guard let data = FileManager.default.contents(atPath: path + "/" + name) else {
                throw InputUnreadable(path: path + "/" + name)
            }
            do {
                certificates += try Certificate.all(pem: String(decoding: data, as: UTF8.self))
            } catch { throw TrustUnusable(path: path + "/" + name, reason: "\(error)") }
        }
        guard !certificates.isEmpty else { throw TrustUnusable(path: path, reason: "no certificate (*.pem)") }
        guard let revocations else { return PassportVerifier(trusted: certificates) }
        guard let data = FileManager.default.contents(atPath: revocations) else {
            throw InputUnreadable(path: revocations)
        }
        do {
            return PassportVerifier(trusted: certificates, revocations: try RevocationList(json: [UInt8](data)))
        } catch { throw TrustUnusable(path: revocations, reason: "\(error)") }
    }

    private static func one(_ file: String, _ verifier: PassportVerifier, at seconds: Int64) throws -> Int32 {
        guard let data = FileManager.default.contents(atPath: file) else { throw InputUnreadable(path: file) }
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        do throws(PassportRejection) {
            let passport = try verifier.verify(text, at: seconds)
            try? Output.line(String(decoding: passport.claimsJSON, as: UTF8.self))
            return 0
        } catch {
            Output.note("không chấp nhận / rejected: \(error)")
            return 1
        }
    }

    private static func lines(_ verifier: PassportVerifier, at seconds: Int64) throws -> Int32 {
        var rejected = false
        while let line = readLine(strippingNewline: true) {
            let text = line.trimmingCharacters(in: .whitespaces)
            if text.isEmpty { continue }
            var json = JSONWriter()
            do throws(PassportRejection) {
                let passport = try verifier.verify(text, at: seconds)
                json.object { json in
                    json.member("ok", true)
                    json.member("reason", "")
                    json.member("claims", json: passport.claimsJSON)
                }
            } catch {
                rejected = true
                json.object { json in
                    json.member("ok", false)
                    json.member("reason", "\(error)")
                    json.member("claims", json: Array("null".utf8))
                }
            }
            try Output.line(String(decoding: json.bytes, as: UTF8.self))
        }
        return rejected ? 1 : 0
    }
}
