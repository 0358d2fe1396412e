/// A value that says something about a person (name, identity number, date of birth, phone, address).
///
/// Wherever a text is made of it (interpolation, `print`, `dump`, `String(reflecting:)`, an error's description, a log
/// field) there is only a mask. The value comes out by `reveal()` alone, so that every place that shows it can be found.
public struct PersonalData<Value> {
    private let value: Value

    public init(_ value: Value) { self.value = value }

    /// The value itself. Never hand it to a log, a metric, a URL or an error's text.
    public func reveal() -> Value { value }
}

/// What stands for personal data in any text.
public let personalDataMask = "‹masked›"

extension PersonalData: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { personalDataMask }
    public var debugDescription: String { personalDataMask }
    public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

extension PersonalData: Sendable where Value: Sendable {}
extension PersonalData: Equatable where Value: Equatable {}
extension PersonalData: Hashable where Value: Hashable {}
