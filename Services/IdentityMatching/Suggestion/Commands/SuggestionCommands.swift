import ServiceRuntime

/// The commands of this executable beside running; only benchmark-verify needs a database.
enum SuggestionCommands {
    static let all = [
        EvaluateCommand.subcommand, EstimateWeightsCommand.subcommand, BenchmarkCommand.subcommand,
        VerifyCommand.subcommand,
    ]
}
