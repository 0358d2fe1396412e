/// What a task is about. A subject has at most one open task of each kind.
enum TaskKind: Int16, CaseIterable, Sendable {
    /// The register check found the identity wrong, or could not check it.
    case identity = 1
    /// A dose number that cannot be.
    case doseField = 2
    /// The facility has typed another identity after police had confirmed one.
    case identityConflict = 3
    /// A record that was right has become wrong by a new register: no passport is revoked before people have looked.
    case registerDisagrees = 4

    /// As in exports.
    var label: String {
        switch self {
        case .identity: "identity"
        case .doseField: "dose-field"
        case .identityConflict: "identity-conflict"
        case .registerDisagrees: "register-disagrees"
        }
    }

    init?(label: String) {
        guard let kind = TaskKind.allCases.first(where: { $0.label == label }) else { return nil }
        self = kind
    }

    /// Whose word settles it (AUT-01): identity is the police's, dose fields are the health side's.
    var isIdentity: Bool { self != .doseField }
}

/// The problems that one record has, as the bits kept in the database.
struct Problems: OptionSet, Hashable, Sendable {
    let rawValue: Int16
    init(rawValue: Int16) { self.rawValue = rawValue }
    init(_ kind: TaskKind) { rawValue = 1 << kind.rawValue }

    static let identity = Problems(.identity)
    static let doseField = Problems(.doseField)
    static let identityConflict = Problems(.identityConflict)
    static let registerDisagrees = Problems(.registerDisagrees)
    /// Those that the register check decides.
    static let checked: Problems = [.identity, .registerDisagrees]
}
