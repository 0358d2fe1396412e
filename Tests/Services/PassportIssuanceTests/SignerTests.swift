import Cryptography
import Foundation
import RecordModel
import Storage
import TestSupport
import Testing

@testable import PassportIssuance

@Suite struct SignerTests {
    func withFolder(_ body: (SignerFiles) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "tiemchung-signer-\(UInt64.random(in: 0...UInt64.max))"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(SignerFiles(directory: path))
    }

    let seconds = Sample.now.microseconds / 1_000_000

    @Test("the set-up makes a TEST signer once; production names each missing piece")
    func setUp() throws {
        try withFolder { (files: SignerFiles) throws in
            #expect(files.problems(at: seconds, isDevelopment: false).count == 3)
            try SignerSetUp.make(in: files, at: Sample.now)
            let made = try files.load()
            #expect(made.signer.certificate.commonName.hasPrefix("TEST"))
            #expect(files.problems(at: seconds, isDevelopment: true).isEmpty)
            // A TEST certificate never signs in production.
            #expect(files.problems(at: seconds, isDevelopment: false).count == 1)
            try SignerSetUp.make(in: files, at: Sample.now)
            #expect(try files.load().signer.certificate == made.signer.certificate)
            #expect(!files.problems(at: made.signer.certificate.notAfter + 1, isDevelopment: true).isEmpty)
            let mode = try FileManager.default.attributesOfItem(atPath: files.path(SignerFiles.key))[.posixPermissions]
            #expect(mode as? Int == 0o600)
        }
    }

    @Test("PAS-04 profile of CSCA and signer")
    func profile() throws {
        let made = try SignerSetUp.inMemory(at: Sample.now)
        let signer = made.signer.certificate
        let authority = try #require(made.authorities.first)
        #expect(authority.isAuthority && !signer.isAuthority)
        #expect(signer.authorityKeyIdentifier == authority.subjectKeyIdentifier)
        #expect(signer.extendedKeyUsage == [CertificateAuthority.PassportUsage.vaccination])
        try CertificateChain.verify(signer, anchors: [authority], at: seconds)
    }

    @Test("a database that has lost the passports is recognised")
    func installation() throws {
        let one = InstallationID.random()
        #expect(Installation.judge(stored: nil, beside: nil) == .unmarked)
        #expect(Installation.judge(stored: one, beside: nil) == .unmarked)
        #expect(Installation.judge(stored: one, beside: one) == .known)
        #expect(Installation.judge(stored: nil, beside: one) == .foreign)
        #expect(Installation.judge(stored: .random(), beside: one) == .foreign)
        try withFolder { (files: SignerFiles) throws in
            try SignerSetUp.make(in: files, at: Sample.now)
            let installation = Installation(files: files)
            try TestPostgres.shared().withDatabase(migrations: TestIssuance.migrations) { (database: Database) throws in
                #expect(try installation.problem(in: database, at: Sample.now) == nil)
                #expect(try installation.problem(in: database, at: Sample.now) == nil)
            }
            try TestPostgres.shared().withDatabase(migrations: TestIssuance.migrations) { (database: Database) throws in
                let problem = try installation.problem(in: database, at: Sample.now)
                #expect(problem?.contains("restore the backup") == true)
            }
        }
    }
}
