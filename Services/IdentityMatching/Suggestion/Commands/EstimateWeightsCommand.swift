import Observability
import RecordModel
import ServiceRuntime

/// `identity-matching estimate-weights`: makes a table of weights from a register and a stream, unsupervised.
enum EstimateWeightsCommand {
    enum Settings {
        static let note = Setting.text("NOTE", help: "What the data were, kept in the table.")
        static let version = Setting.text("TABLE_VERSION", default: "1", help: "The version of the table that is made.")
        static let limit = Setting.integer(
            "RECORDS_LIMIT", default: 200_000, in: 1_000...10_000_000, help: "Records that are not right to learn from."
        )
        static let pairs = Setting.integer(
            "RANDOM_PAIRS", default: 2_000_000, in: 10_000...1_000_000_000, help: "Pairs of a record and anybody.")
    }

    static let subcommand = Subcommand(
        "estimate-weights", summary: "Estimates the table of weights from a register and a stream, without truth.",
        settings: [
            EvaluateCommand.Settings.register, EvaluateCommand.Settings.records, EvaluateCommand.Settings.out,
            EvaluateCommand.Settings.weights, EvaluateCommand.Settings.index, Settings.note, Settings.version,
            Settings.limit, Settings.pairs,
        ]
    ) { configuration, log in
        var table = try EvaluateCommand.weightTable(configuration[EvaluateCommand.Settings.weights])
        let register = configuration[EvaluateCommand.Settings.register]
        let kept = configuration[EvaluateCommand.Settings.index]
        try EvaluateCommand.withIndex(of: register, keptAt: kept, log) { index in
            let search = CandidateSearch(index: index, table: table)
            var sample = EstimationSample(search, limit: configuration[Settings.limit])
            let unreadable = try RecordFile.forEachPart(configuration[EvaluateCommand.Settings.records], of: 4_096) {
                sample.add($0.map(\.typed))
            }
            if unreadable > 0 { log.warning("records that could not be read", ["records": .int(unreadable)]) }
            guard !sample.records.isEmpty else {
                throw WeightTable.Unusable(description: "no record that is not right")
            }
            let (made, u) = sample.estimate(
                pairs: configuration[Settings.pairs], startingFrom: table, log)
            sample.put(made, u, into: &table)
            table.version = configuration[Settings.version]
            table.estimated = [
                "note": configuration[Settings.note], "persons": String(index.count),
                "records": String(sample.records.count), "rounds": String(made.rounds),
                "settled": made.isSettled ? "yes" : "no", "by": "estimate-weights",
            ]
            // Written, then read again as a service would: a table that cannot be used is not left behind.
            let json = try table.json()
            _ = try WeightTable(json: json)
            let path = configuration[EvaluateCommand.Settings.out]
            if path == "-" {
                try StandardOutput.write(json)
            } else {
                let file = try IndexOutput(path: path)
                try file.write(json[...], at: 0)
                try file.finish()
            }
        }
    }
}
