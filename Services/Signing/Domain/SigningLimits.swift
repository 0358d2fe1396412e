/// The letters' limits of a turn and what may be signed at all; the numbers are settings (A7.9).
struct SigningLimits: Hashable, Sendable {
    /// Persons in one turn (SIG-14).
    var persons = 1_000
    /// Doses of one person in one turn (SIG-14).
    var dosesPerPerson = 3
    /// Dose numbers that can be signed; others wait for the facility to correct them.
    var doseNumbers: ClosedRange<Int32> = 1...5
    /// How long a prepared turn waits for its signature, in seconds.
    var turnLifetime: Int64 = 24 * 3_600
}
