/// Why an index file is not used, or could not be written. Never holds a value of the register.
enum IndexError: Error, Equatable, CustomStringConvertible {
    /// The file cannot be opened or mapped.
    case unreadable(path: String, reason: String)
    /// The file is no index, or one that another version wrote.
    case foreign(path: String, reason: String)
    /// The file is an index but not whole: shorter than its header says, or bytes have changed.
    case damaged(path: String, reason: String)
    /// A file could not be written.
    case unwritable(path: String, reason: String)
    /// More persons than ordinals of 32 bits can name.
    case tooManyPersons
    /// An index of nobody is refused.
    case empty

    var description: String {
        switch self {
        case .unreadable(let path, let reason): "the index file \(path) cannot be read: \(reason)"
        case .foreign(let path, let reason): "\(path) is no index file of this version: \(reason)"
        case .damaged(let path, let reason): "the index file \(path) is damaged: \(reason); build it again"
        case .unwritable(let path, let reason): "the index file \(path) cannot be written: \(reason)"
        case .tooManyPersons: "an index file holds at most 4,294,967,295 persons"
        case .empty: "an index of no person is refused"
        }
    }
}
