import Observability

/// What Signing counts.
struct SigningMetrics: Sendable {
    let attested: Counter
    let stale: Counter
    let standingAgain: Counter
    let turnsSigned: Counter
    let turnsFailed: Counter
    let signaturesRefused: Counter

    init(_ registry: MetricsRegistry = .shared) {
        attested = registry.counter("signing_doses_attested_total", help: "Doses attested by a signature.")
        stale = registry.counter("signing_attestations_stale_total", help: "Attestations that ceased to stand.")
        standingAgain = registry.counter(
            "signing_attestations_standing_again_total", help: "Stale attestations that stand again.")
        turnsSigned = registry.counter(
            "signing_turns_total", help: "Turns that ended, by how.", labels: [("outcome", "signed")])
        turnsFailed = registry.counter(
            "signing_turns_total", help: "Turns that ended, by how.", labels: [("outcome", "failed")])
        signaturesRefused = registry.counter(
            "signing_signatures_refused_total", help: "Signatures refused before anything took effect.")
    }
}
