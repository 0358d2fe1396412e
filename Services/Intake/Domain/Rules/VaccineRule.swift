import RecordModel
import Synchronization

/// The vaccine is one of the value set, by whichever name facilities type it.
enum VaccineRule {
    static let field = "vaccine"

    /// The product's name.
    static func product(of row: Submission, _ names: VaccineNames) throws(RuleFailure) -> String {
        if row.vaccine.isEmpty { throw RuleFailure(field: field, rule: .missing) }
        guard let product = names.product(typed: row.vaccine) else {
            throw RuleFailure(field: field, rule: .unknownVaccine)
        }
        return product
    }
}

/// The value set with a memory of what was typed lately: a stream holds few spellings, and reading one costs as much
/// as the rest of a row's rules together.
final class VaccineNames: Sendable {
    static let shared = VaccineNames(.standard)

    private static let capacity = 4096
    private let catalogue: VaccineCatalogue
    private let known = Mutex<[String: String?]>([:])

    init(_ catalogue: VaccineCatalogue) { self.catalogue = catalogue }

    func product(typed: String) -> String? {
        if let answer = known.withLock({ $0[typed] }) { return answer }
        let answer = catalogue.product(typed: typed)?.product
        known.withLock {
            if $0.count >= Self.capacity { $0.removeAll() }
            $0[typed] = .some(answer)
        }
        return answer
    }
}
