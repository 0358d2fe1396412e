/// One numbered step of a schema: plain SQL, run once, in its own transaction together with its entry in the list of
/// applied migrations. Never changed after it was released; a correction is a further migration.
public struct Migration: Sendable, Hashable {
    public let number: Int
    public let name: String
    public let sql: String

    public init(number: Int, name: String, sql: String) {
        self.number = number
        self.name = name
        self.sql = sql
    }

    /// From a file embedded by SwiftPM.
    public init(number: Int, name: String, sql: [UInt8]) {
        self.init(number: number, name: name, sql: String(decoding: sql, as: UTF8.self))
    }
}

/// What is wrong with a schema's migrations, with the remedy.
public enum MigrationProblem: Error, Sendable, Equatable, CustomStringConvertible {
    case noSchema(String, role: String)
    case notAllowed(String, reason: String)
    case checksumChanged(number: Int, name: String)
    case unknownApplied(number: Int, name: String)
    case outOfOrder(number: Int, name: String, newest: Int)
    case notApplied(numbers: [Int])
    case duplicateNumber(Int)
    case failed(number: Int, name: String, reason: String)
    case lockTimedOut(seconds: Int)

    public var description: String {
        switch self {
        case .noSchema(let schema, let role):
            "schema \(schema) does not exist and role \(role) may not create it: run the set-up that makes roles and schemas, or CREATE SCHEMA \(schema) AUTHORIZATION \(role)"
        case .notAllowed(let schema, let reason):
            "role has no right to change schema \(schema) (\(reason)): migrate with the role that owns it"
        case .checksumChanged(let number, let name):
            "migration \(number) \(name) was changed after it had been applied: restore the file as it was released and put the change into a new migration"
        case .unknownApplied(let number, let name):
            "the schema has migration \(number) \(name), which this version does not know: start the version that applied it, or a newer one"
        case .outOfOrder(let number, let name, let newest):
            "migration \(number) \(name) is new but its number is below \(newest), which is applied: give it the next free number"
        case .notApplied(let numbers):
            "migrations \(numbers.map(String.init).joined(separator: ", ")) are not applied: run the migrate subcommand"
        case .duplicateNumber(let number): "two migrations have the number \(number): give one the next free number"
        case .failed(let number, let name, let reason):
            "migration \(number) \(name) failed and was rolled back: \(reason)"
        case .lockTimedOut(let seconds):
            "another migrator has held the schema for \(seconds) s: wait for it or end its session"
        }
    }
}
