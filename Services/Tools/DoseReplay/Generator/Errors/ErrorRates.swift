/// How often each error class happens, from a file:
///
///     { "comment": "…", "classes": { "one-digit": 380, … }, "second_error": 500, "third_error": 0 }
///
/// Rates are of 10,000 registrations of a person at a facility; what the classes leave is typed cleanly. `second_error` and
/// `third_error` are of 10,000 registrations that are wrong: how many get another wrong class on top.
import Foundation
import RecordModel

struct ErrorRates: Sendable {
    private let draws: Weighted<EntryError?>
    private let wrong: Weighted<EntryError>?
    let secondError: Int
    let thirdError: Int
    /// By class, as the file has them.
    let classes: [String: Int]

    enum Problem: Error, Equatable, CustomStringConvertible {
        case unreadable(String)
        case unknownClass(String)
        case outOfRange(String)
        case tooMany(Int)

        var description: String {
            switch self {
            case .unreadable(let reason): "tệp tỉ lệ lỗi không đọc được / the error rates cannot be read: \(reason)"
            case .unknownClass(let name):
                "không có loại lỗi '\(name)' / no error class of this name (dose-replay errors)"
            case .outOfRange(let name): "\(name): phải từ 0 đến 10000 / must be between 0 and 10000"
            case .tooMany(let sum): "tổng tỉ lệ \(sum) vượt quá 10000 / the rates add up to more than 10000"
            }
        }
    }

    private struct File: Decodable {
        let classes: [String: Int]
        let secondError: Int?
        let thirdError: Int?

        enum CodingKeys: String, CodingKey {
            case classes
            case secondError = "second_error"
            case thirdError = "third_error"
        }
    }

    init(json: [UInt8]) throws(Problem) {
        let file: File
        do { file = try JSONDecoder().decode(File.self, from: Data(json)) } catch { throw .unreadable("\(error)") }
        if let name = file.classes.keys.sorted().first(where: { EntryError.named($0) == nil }) {
            throw .unknownClass(name)
        }
        let all = file.classes.merging(
            ["second_error": file.secondError ?? 0, "third_error": file.thirdError ?? 0], uniquingKeysWith: { $1 })
        if let (name, _) = all.sorted(by: { $0.key < $1.key }).first(where: { !(0...10_000).contains($0.value) }) {
            throw .outOfRange(name)
        }
        let sum = file.classes.values.reduce(0, +)
        guard sum <= 10_000 else { throw .tooMany(sum) }
        // In the order of the program, not of the file: the same seed and rates give the same stream.
        let used = EntryError.classes.compactMap { error in
            file.classes[error.name].flatMap { $0 > 0 ? (error, $0) : nil }
        }
        draws = Weighted(used.map { (EntryError?.some($0), $1) } + [(nil, 10_000 - sum)])
        let wrongs = used.filter { $0.0.outcome == .wrong }
        wrong = wrongs.isEmpty ? nil : Weighted(wrongs)
        secondError = file.secondError ?? 0
        thirdError = file.thirdError ?? 0
        classes = file.classes
    }

    /// The files that come with the program, by name.
    static let shipped = [
        "april-2022": PackageResources.april_2022_json, "every-class": PackageResources.every_class_json,
        "several-errors": PackageResources.several_errors_json,
    ]

    /// One of the files that come with the program, or a file of the caller's.
    init(named name: String) throws {
        if let shipped = Self.shipped[name] {
            try self.init(json: shipped)
        } else {
            guard let bytes = FileManager.default.contents(atPath: name) else {
                throw Problem.unreadable("\(name)")
            }
            try self.init(json: Array(bytes))
        }
    }

    /// The public shares of April 2022: 66 % right, 23 % wrong, 11 % without a usable number or with an item missing. How
    /// the 23 % divide among the classes is this project's guess.
    static let april2022: ErrorRates = {
        do { return try ErrorRates(json: PackageResources.april_2022_json) } catch { fatalError("\(error)") }
    }()

    /// What became of a person's items when somebody typed them: the classes that applied, and what the check will say.
    func type(_ clean: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro) -> (
        typed: TypedIdentity, errors: [String], outcome: ExpectedOutcome
    ) {
        guard let error = draws.draw(&random), var typed = error.change(clean, entrant, &random) else {
            return (clean, [], .right)
        }
        var errors = [error.name]
        guard error.outcome == .wrong, let wrong else { return (typed, errors, error.outcome) }
        for rate in [secondError, thirdError] {
            guard random.chance(rate) else { break }
            let another = wrong.draw(&random)
            if !errors.contains(another.name), let more = another.change(typed, entrant, &random) {
                typed = more
                errors.append(another.name)
            }
        }
        return (typed, errors, error.outcome)
    }
}
