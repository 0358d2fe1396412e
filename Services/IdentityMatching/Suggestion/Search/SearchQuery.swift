import RecordModel

/// What a record has typed, read every plausible way for SUGGEST. VERIFY reads by its rule set and never from here.
struct SearchQuery: Sendable {
    let number: NumberReading
    let date: DateReading
    let sex: SexMark
    let name: PreparedName
    /// Of residence, as the facility has it: no item of the official check, and of little weight here.
    let commune: UInt32?
    /// Days that the typed date may stand for; empty until nobody convincing was found.
    private(set) var slips: [DateSlip] = []
    /// Items stood in each other's columns.
    let isRearranged: Bool

    /// - Parameter name: where it has been prepared already.
    init(_ typed: TypedItems, commune: String = "", name: PreparedName? = nil, preparer: inout NamePreparer) {
        self.commune = CommuneCode.read(commune)
        let placed = ItemPlaces.restored(typed.identity)
        isRearranged = placed != nil
        let items = placed ?? typed.identity
        number = NumberReading(typed: items.idNumber)
        date = DateReading(typed: items.dateOfBirth)
        sex = SexMark(typed: items.sex)
        self.name = (placed == nil ? name : nil) ?? preparer.prepare(items.fullName)
    }

    /// Thinks of what may have happened to the date.
    mutating func lookForSlips() { slips = date.readings.flatMap { DateSlip.all(of: $0) } }
}
