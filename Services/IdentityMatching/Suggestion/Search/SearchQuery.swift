import RecordModel

/// What a record has typed, read every plausible way for SUGGEST. VERIFY reads by its rule set and never from here.
struct SearchQuery: Sendable {
    let number: NumberReading
    let date: DateReading
    let sex: SexMark
    let name: PreparedName
    /// Of residence, as the facility has it: no item of the official check, and of little weight here.
    let commune: UInt32?

    /// - Parameter name: where it has been prepared already.
    init(_ typed: TypedItems, commune: String = "", name: PreparedName? = nil, preparer: inout NamePreparer) {
        self.commune = CommuneCode.read(commune)
        number = NumberReading(typed: typed.identity.idNumber)
        date = DateReading(typed: typed.identity.dateOfBirth)
        sex = SexMark(SexReading(typed: typed.identity.sex))
        self.name = name ?? preparer.prepare(typed.identity.fullName)
    }
}
