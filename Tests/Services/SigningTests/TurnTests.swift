import Cryptography
import RecordModel
import Storage
import Testing

@testable import Signing

@Suite struct TurnTests {
    private func refusal(_ body: () throws -> Void) -> SignatureRefusal? {
        do {
            try body()
            return nil
        } catch {
            return error as? SignatureRefusal
        }
    }

    @Test("SIG-17 SIG-18 a good signature attests every dose of the turn and tells it")
    func signs() async throws {
        try await SigningBench.run { bench in
            let signer = try bench.key()
            try bench.takeSignable(1...5) { $0 / 2 }
            let turn = try bench.signEverything(by: signer)
            #expect(turn.state == .signed)
            #expect(turn.persons == 3)
            #expect(turn.doses == 5)
            #expect(try bench.emitted == 5)
            let manifest = try Manifest(bytes: try bench.manifest(of: turn))
            for (index, line) in manifest.lines.enumerated() {
                let number = try #require((1...5).first { Fixture.doseID($0) == line.doseID })
                let attestation = try #require(try bench.attestation(number))
                #expect(attestation.position == UInt32(index + 1))
                #expect(attestation.contentSHA256 == contentDigest(of: Fixture.record(number)))
                #expect(attestation.signerSerial == signer.certificate.serial)
            }
            #expect(try bench.counts["signable"] == 0)
        }
    }

    @Test("SIG-17 the same signature sent again is answered alike and emits nothing")
    func sentAgain() async throws {
        try await SigningBench.run { bench in
            let signer = try bench.key()
            try bench.takeSignable(1...2)
            let turn = try bench.prepare()
            let der = try bench.signature(turn, by: signer)
            _ = try bench.send(der, for: turn)
            guard case .signed(let again) = try bench.send(der, for: turn) else { return #expect(Bool(false)) }
            #expect(again.state == .signed)
            #expect(try bench.emitted == 2)
            let other = try bench.signature(again, by: signer)
            #expect(refusal { _ = try bench.send(other, for: turn) } == .notOpen(.signed))
        }
    }

    @Test("SIG-12 doses and turns of another facility are refused")
    func foreign() async throws {
        try await SigningBench.run { bench in
            try bench.takeSignable([1])
            try bench.takeSignable([2], facility: "79002")
            #expect(throws: TurnPreparationRefusal.foreignDoses([Fixture.doseID(2)])) {
                try bench.prepare(doses: [Fixture.doseID(1), Fixture.doseID(2)])
            }
            let turn = try bench.prepare()
            #expect(turn.doses == 1)
            let der = try bench.signature(turn, by: bench.key())
            #expect(refusal { _ = try bench.send(der, for: turn, unit: "79002") } == .foreignTurn)
            #expect(try bench.emitted == 0)
        }
    }

    @Test("SIG-03 SIG-04 a certificate that is not registered for the unit, or withdrawn, is refused")
    func unregistered() async throws {
        try await SigningBench.run { bench in
            try bench.takeSignable([1])
            let turn = try bench.prepare()
            for signer in [try bench.key(registered: false), try bench.key(unit: "79002")] {
                let der = try bench.signature(turn, by: signer)
                #expect(
                    refusal { _ = try bench.send(der, for: turn) }
                        == .notRegistered(serial: signer.certificate.serial))
            }
            let signer = try bench.key()
            let serial = signer.certificate.serial
            _ = try bench.database.transaction { tx in
                try tx.run(WithdrawRegistrations(serial: serial, now: Fixture.noon))
            }
            let der = try bench.signature(turn, by: signer)
            #expect(refusal { _ = try bench.send(der, for: turn) } == .withdrawn(serial: serial))
            #expect(try bench.emitted == 0)
        }
    }

    @Test("SIG-04 an expired certificate and one of an unknown authority are refused")
    func untrusted() async throws {
        try await SigningBench.run { bench in
            try bench.takeSignable([1])
            let signer = try bench.key()
            bench.limits.turnLifetime = 10_000_000
            let turn = try bench.prepare()
            bench.clock.advance(seconds: 2_000_000)
            let late = try bench.signature(turn, by: signer)
            guard case .notGood = refusal({ _ = try bench.send(late, for: turn) }) else {
                return #expect(Bool(false), "an expired certificate was taken")
            }
            bench.clock.set(Fixture.noon)
            let seconds = Fixture.noon.microseconds / 1_000_000
            let key = try SigningKey.generateP256()
            let stranger = try CertificateAuthority.root(
                DistinguishedName(commonName: "Stranger"), key: key, notBefore: seconds - 10, notAfter: seconds + 1_000)
            let certificate = try stranger.issueOrganisation(
                DistinguishedName(commonName: "79001"), publicKey: key.publicKey, notBefore: seconds - 10,
                notAfter: seconds + 1_000)
            let der = try bench.signature(turn, by: (key, certificate))
            guard case .notGood = refusal({ _ = try bench.send(der, for: turn) }) else {
                return #expect(Bool(false), "an unknown authority was taken")
            }
            #expect(try bench.attestation(1) == nil)
        }
    }

    @Test("SIG-15 a signature over other bytes than the manifest, or a broken one, is refused")
    func tampered() async throws {
        try await SigningBench.run { bench in
            try bench.takeSignable([1])
            let signer = try bench.key()
            let turn = try bench.prepare()
            var bytes = try bench.manifest(of: turn)
            bytes[bytes.count - 2] ^= 1
            let good = try bench.signature(turn, by: signer)
            let attempts = [
                try bench.signature(turn, by: signer, over: bytes), Array(good.dropLast()), [], Array("none".utf8),
            ]
            for der in attempts {
                guard case .notGood = refusal({ _ = try bench.send(der, for: turn) }) else {
                    return #expect(Bool(false), "a bad signature was taken")
                }
            }
            #expect(try bench.attestation(1) == nil)
            guard case .signed = try bench.send(good, for: turn) else { return #expect(Bool(false)) }
        }
    }

    @Test("SIG-13 whatever moved fails the whole turn with a list; a new turn takes the rest")
    func moved() async throws {
        try await SigningBench.run { bench in
            try bench.takeSignable(1...5)
            let signer = try bench.key()
            let turn = try bench.prepare()
            let der = try bench.signature(turn, by: signer)
            try bench.take([
                Fixture.record(2, version: 2, phone: "0999"), Fixture.verdict(4, assessment: 2, outcome: .wrong),
            ])
            guard case .moved(let moved) = try bench.send(der, for: turn) else {
                return #expect(Bool(false), "a turn that has moved took effect")
            }
            #expect(moved.map(\.doseID) == [Fixture.doseID(2), Fixture.doseID(4)])
            #expect(moved.map(\.reason) == [.newVersion, .notSignable])
            #expect(try bench.emitted == 0)
            #expect(refusal { _ = try bench.send(der, for: turn) } == .notOpen(.failed))
            let failed = try bench.database.transaction { tx in try tx.run(TurnByID(turnID: turn.turnID))[0] }
            #expect(failed.moved?.contains("new-version") == true)
            #expect(try bench.signEverything(by: signer).doses == 3)
        }
    }

    @Test("SIG-13 a dose may be in several prepared turns and is attested once")
    func severalTurns() async throws {
        try await SigningBench.run { bench in
            try bench.takeSignable(1...2)
            let signer = try bench.key()
            let one = try bench.prepare()
            let other = try bench.prepare()
            let signatures = [try bench.signature(one, by: signer), try bench.signature(other, by: signer)]
            guard case .signed = try bench.send(signatures[0], for: one) else { return #expect(Bool(false)) }
            guard case .moved = try bench.send(signatures[1], for: other) else { return #expect(Bool(false)) }
            #expect(try bench.emitted == 2)
        }
    }

    @Test("SIG-14 1,001 persons are refused where the caller names them; otherwise the turn takes 1,000")
    func thousandAndOne() async throws {
        try await SigningBench.run { bench in
            try bench.takeSignable(1...1_001)
            #expect(throws: TurnPreparationRefusal.tooManyPersons(1_001, limit: 1_000)) {
                try bench.prepare(doses: (1...1_001).map(Fixture.doseID))
            }
            #expect(throws: TurnPreparationRefusal.tooManyPersons(1_001, limit: 1_000)) {
                try bench.prepare(persons: 1_001)
            }
            #expect(try bench.prepare().persons == 1_000)
            #expect(try bench.prepare(doses: (1...1_000).map(Fixture.doseID)).persons == 1_000)
        }
    }

    @Test("SIG-14 a prepared turn says whether doses were left for another, also past many that cannot be signed")
    func more() async throws {
        try await SigningBench.run { bench in
            bench.limits.persons = 2
            bench.limits.dosesPerPerson = 2
            try bench.takeSignable(1...3) { _ in 1 }
            try bench.take((4...30).map { Fixture.record($0, doseNumber: 9) })
            try bench.take((4...30).map { Fixture.verdict($0) } + (4...30).map { Fixture.link($0, person: $0) })
            try bench.takeSignable(31...32)
            func prepared(persons: Int) throws -> PreparedTurn {
                let request = TurnRequest(
                    unitCode: "79001", doseIDs: nil, from: nil, to: nil, persons: persons, preparedBy: "staff")
                let preparation = TurnPreparation(limits: bench.limits)
                return try bench.database.transaction { try preparation.prepare(request, at: Fixture.noon, in: $0) }
            }
            let full = try prepared(persons: 1)
            #expect(full.turn.doses == 2)
            #expect(full.more)
            #expect(try prepared(persons: 2).more)
            let signer = try bench.key()
            #expect(try bench.signEverything(by: signer).doses == 3)
            let last = try prepared(persons: 2)
            #expect(last.turn.doses == 2)
            #expect(last.more == false)
            #expect(try bench.counts["signable"] == 2)
        }
    }

    @Test("SIG-14 SIG-11 a fourth dose of a person is refused where it is named; dates choose doses")
    func dosesOfAPerson() async throws {
        try await SigningBench.run { bench in
            try bench.takeSignable(1...4) { _ in 1 }
            #expect(throws: TurnPreparationRefusal.tooManyDosesOfAPerson(limit: 3)) {
                try bench.prepare(doses: (1...4).map(Fixture.doseID))
            }
            #expect(try bench.prepare().doses == 3)
            bench.limits.dosesPerPerson = 5
            #expect(try bench.prepare().doses == 4)
            #expect(throws: TurnPreparationRefusal.nothingToSign) { try bench.prepare(from: "2021-08-02") }
            #expect(try bench.prepare(from: "2021-08-01", to: "2021-08-01").doses == 4)
        }
    }

    @Test("SIG-21 wrong, exempt and waiting doses cannot be named into a turn")
    func notSignable() async throws {
        try await SigningBench.run { bench in
            try bench.take([
                Fixture.record(1), Fixture.verdict(1, outcome: .wrong), Fixture.record(2),
                Fixture.verdict(2, outcome: .exempt), Fixture.record(3),
            ])
            #expect(throws: TurnPreparationRefusal.notSignable((1...4).map(Fixture.doseID))) {
                try bench.prepare(doses: (1...4).map(Fixture.doseID))
            }
            #expect(throws: TurnPreparationRefusal.nothingToSign) { try bench.prepare() }
        }
    }

    @Test("SIG-15 a prepared turn expires")
    func expires() async throws {
        try await SigningBench.run { bench in
            try bench.takeSignable([1])
            let signer = try bench.key()
            let turn = try bench.prepare()
            let der = try bench.signature(turn, by: signer)
            bench.clock.advance(seconds: bench.limits.turnLifetime)
            #expect(refusal { _ = try bench.send(der, for: turn) } == .notOpen(.expired))
            let now = bench.clock.now()
            #expect(try bench.database.transaction { tx in try tx.run(ExpireTurns(now: now)) } == [turn.turnID])
            #expect(try bench.manifest(of: turn).isEmpty)
        }
    }

    @Test("SIG-15 the preview shows the chosen doses only, by person")
    func preview() async throws {
        try await SigningBench.run { bench in
            try bench.takeSignable(1...4) { $0 / 2 }
            let turn = try bench.prepare(doses: [Fixture.doseID(1), Fixture.doseID(2)])
            let manifest = try Manifest(bytes: try bench.manifest(of: turn))
            let rows = try bench.database.transaction { tx in
                try TurnPreview.rows(of: manifest, persons: 1...10, in: tx)
            }
            #expect(rows.map(\.line.sourceRecordID) == ["R1", "R2"])
            #expect(rows.allSatisfy { $0.record?.identity.fullName == "Nguyễn Văn An" })
            try bench.take([Fixture.record(1, version: 2, name: "Khác")])
            let later = try bench.database.transaction { tx in
                try TurnPreview.rows(of: manifest, persons: 1...1, in: tx)
            }
            #expect(later.map { $0.record == nil } == [true])
        }
    }

    @Test("SIG-03 registering again changes nothing; for another unit it is refused")
    func registering() async throws {
        try await SigningBench.run { bench in
            let signer = try bench.key()
            let registry = CertificateRegistry(trust: bench.trust)
            let again = try bench.database.transaction { tx in
                try registry.register(
                    pem: signer.certificate.pem, unitCode: "79001", by: "moh", at: bench.clock.now(), in: tx)
            }
            #expect(again.serial == signer.certificate.serial)
            #expect(throws: RegistrationRefusal.otherUnit) {
                try bench.database.transaction { tx in
                    _ = try registry.register(
                        pem: signer.certificate.pem, unitCode: "79002", by: "moh", at: bench.clock.now(), in: tx)
                }
            }
            #expect(throws: RegistrationRefusal.self) {
                try bench.database.transaction { tx in
                    _ = try registry.register(
                        pem: bench.authority.certificate.pem, unitCode: "79001", by: "moh", at: bench.clock.now(),
                        in: tx)
                }
            }
        }
    }
}
