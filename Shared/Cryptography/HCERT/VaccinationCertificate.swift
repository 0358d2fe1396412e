/// The content of a vaccine passport: one vaccination of one person, EU DCC schema 1.3.0.
public struct VaccinationCertificate: Sendable, Equatable {
    /// The schema's version, `ver`.
    public var version = "1.3.0"
    /// `nam.fn` (họ) and `nam.gn` (đệm và tên), as displayed.
    public var familyName: String
    public var givenName: String
    /// `nam.fnt` and `nam.gnt`, by ICAO 9303. Computed at issue, never typed.
    public var standardFamilyName: String
    public var standardGivenName: String
    /// `dob`, ISO 8601, may be partial or empty in certificates of others.
    public var dateOfBirth: String
    /// `tg` disease, `vp` prophylaxis, `mp` product, `ma` maker: codes of the value sets.
    public var disease = "840539006"
    public var prophylaxis: String
    public var product: String
    public var maker: String
    /// `dn` number of this dose and `sd` doses of the course.
    public var doseNumber: Int
    public var seriesDoses: Int
    /// `dt`, ISO 8601.
    public var vaccinatedOn: String
    /// `co` where it was given, ISO 3166 alpha-2.
    public var country: String
    /// `is` who issues.
    public var issuer: String
    /// `ci` the certificate's identifier (UVCI).
    public var certificateID: String

    /// A certificate; the names for machines follow from the names.
    public init(
        familyName: String, givenName: String, dateOfBirth: String, prophylaxis: String, product: String,
        maker: String, doseNumber: Int, seriesDoses: Int, vaccinatedOn: String, country: String, issuer: String,
        certificateID: String
    ) {
        self.familyName = familyName
        self.givenName = givenName
        standardFamilyName = MachineReadableName.transliterate(familyName)
        standardGivenName = MachineReadableName.transliterate(givenName)
        self.dateOfBirth = dateOfBirth
        self.prophylaxis = prophylaxis
        self.product = product
        self.maker = maker
        self.doseNumber = doseNumber
        self.seriesDoses = seriesDoses
        self.vaccinatedOn = vaccinatedOn
        self.country = country
        self.issuer = issuer
        self.certificateID = certificateID
    }

    /// The CWT claims set, deterministic CBOR: map keys stand in the order of RFC 8949 §4.2.1.
    func claims(issuerCountry: String, issuedAt: Int64, expiresAt: Int64) -> [UInt8] {
        var writer = CBORWriter(capacity: 512)
        writer.startMap(4)
        writer.write(1)
        writer.write(issuerCountry)
        writer.write(4)
        writer.write(expiresAt)
        writer.write(6)
        writer.write(issuedAt)
        writer.write(-260)
        writer.startMap(1)
        writer.write(1)
        write(to: &writer)
        return writer.bytes
    }

    private func write(to writer: inout CBORWriter) {
        writer.startMap(4)
        writer.write("v")
        writer.startArray(1)
        writer.startMap(10)
        for (key, value) in [("ci", certificateID), ("co", country)] {
            writer.write(key)
            writer.write(value)
        }
        writer.write("dn")
        writer.write(Int64(doseNumber))
        for (key, value) in [("dt", vaccinatedOn), ("is", issuer), ("ma", maker), ("mp", product)] {
            writer.write(key)
            writer.write(value)
        }
        writer.write("sd")
        writer.write(Int64(seriesDoses))
        for (key, value) in [("tg", disease), ("vp", prophylaxis)] {
            writer.write(key)
            writer.write(value)
        }
        writer.write("dob")
        writer.write(dateOfBirth)
        writer.write("nam")
        // An absent part is left out: empty texts help no reader, and schema 1.3.2 wants one of the two only.
        let names = [
            ("fn", familyName), ("gn", givenName), ("fnt", standardFamilyName), ("gnt", standardGivenName),
        ].filter { !$0.1.isEmpty }
        writer.startMap(names.count)
        for (key, value) in names {
            writer.write(key)
            writer.write(value)
        }
        writer.write("ver")
        writer.write(version)
    }
}
