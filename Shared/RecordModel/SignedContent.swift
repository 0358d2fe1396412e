/// The one canonical form of what a facility attests about a dose.
///
/// Fields in this order: full_name, sex, date_of_birth, id_number (the four items as they stand), nationality,
/// vaccine, dose_number, dose_kind, lot_number, injected_on, facility_code. Each field is written as its name,
/// `=`, the byte length of its value in decimal, `:`, the value in UTF-8, and a line feed; so no value can pass for
/// another field. The content's digest is SHA-256 over the record's 16-byte salt followed by these bytes.
public enum SignedContent {
    public static func canonicalBytes(of record: DoseRecord) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(384)
        func field(_ name: StaticString, _ value: String) {
            name.withUTF8Buffer { bytes.append(contentsOf: $0) }
            bytes.append(0x3D)
            bytes.append(contentsOf: String(value.utf8.count).utf8)
            bytes.append(0x3A)
            bytes.append(contentsOf: value.utf8)
            bytes.append(0x0A)
        }
        field("full_name", record.identity.fullName)
        field("sex", record.identity.sex)
        field("date_of_birth", record.identity.dateOfBirth)
        field("id_number", record.identity.idNumber)
        field("nationality", record.subject.nationality)
        field("vaccine", record.dose.vaccine)
        field("dose_number", record.dose.doseNumberTyped)
        field("dose_kind", record.dose.kind.label)
        field("lot_number", record.dose.lotNumber)
        field("injected_on", record.dose.injectedOn)
        field("facility_code", record.facilityCode)
        return bytes
    }
}
