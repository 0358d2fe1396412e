import Observability
import RecordModel
import ServiceRuntime
import Storage
import Web

/// What the police side has beside VERIFY: candidates, findings, the log of looks, held records, and their limits.
struct PoliceSide: Sendable {
    let indexes: RegisterIndexes
    let owed: OwedCandidates
    let held: HeldRecords
    /// Looks at what the register says.
    let views: RateLimits
    /// Questions of the health side, why a record is blocked.
    let questions: RateLimits
    let guessesPerDay: Int
    let keys: PersonKeys
    let retention: AccessLogRetention

    enum Settings {
        static let indexDirectory = Setting.text(
            "MATCHING_INDEX_DIRECTORY", default: "/var/tmp/tiemchung-matching",
            help: "Directory of the candidate index files, shared by the instances of a host.")
        static let views = Setting.integer(
            "MATCHING_VIEWS_PER_MINUTE", default: 120, in: 1...1_000_000,
            help: "Findings and suggestions that one account may ask for in a minute.")
        static let unitViews = Setting.integer(
            "MATCHING_UNIT_VIEWS_PER_MINUTE", default: 600, in: 1...1_000_000,
            help: "The same for all accounts of a unit together.")
        static let questions = Setting.integer(
            "MATCHING_QUESTIONS_PER_MINUTE", default: 300, in: 1...1_000_000,
            help: "Records of which one account of the health side may ask in a minute why they are blocked.")
        static let unitQuestions = Setting.integer(
            "MATCHING_UNIT_QUESTIONS_PER_MINUTE", default: 1_500, in: 1...1_000_000,
            help: "The same for all accounts of a unit together.")
        static let guesses = Setting.integer(
            "MATCHING_GUESSES_PER_DAY", default: 10, in: 2...1_000,
            help: "Wrong versions of one record in a day, after which further ones wait for the police or the next day."
        )
        static let accessLogDays = Setting.integer(
            "MATCHING_ACCESS_LOG_DAYS", default: 1_826, in: 365...36_500,
            help: "Days for which it is kept who looked at what the register says.")
        static let all: [any SettingDeclaration] = [
            indexDirectory, views, unitViews, questions, unitQuestions, guesses, accessLogDays,
        ]
    }

    init(_ context: ServiceContext, answering: Answering, indexes: RegisterIndexes) {
        let (configuration, clock) = (context.configuration, context.clock)
        self.init(
            database: context.database, answering: answering, indexes: indexes, clock: clock, log: context.log,
            metrics: context.metrics, accessLogDays: configuration[Settings.accessLogDays],
            views: .init(account: configuration[Settings.views], unit: configuration[Settings.unitViews]),
            questions: .init(account: configuration[Settings.questions], unit: configuration[Settings.unitQuestions]),
            guessesPerDay: configuration[Settings.guesses])
    }

    init(
        database: Database, answering: Answering, indexes: RegisterIndexes, clock: any WallClock, log: Log,
        metrics: MetricsRegistry, accessLogDays: Int,
        views: RateLimits.Allowance,
        questions: RateLimits.Allowance, guessesPerDay: Int
    ) {
        self.indexes = indexes
        self.guessesPerDay = guessesPerDay
        keys = answering.keys
        retention = AccessLogRetention(
            database: database, days: accessLogDays, clock: clock, log: log, metrics: metrics)
        owed = OwedCandidates(database: database, answering: answering, clock: clock, log: log)
        held = HeldRecords(database: database, answering: answering, clock: clock, log: log)
        self.views = RateLimits(views, clock: clock)
        self.questions = RateLimits(questions, clock: clock)
    }

    func routes(_ database: Database, clock: any WallClock) -> [Route] {
        let desk = Desk(database: database, limits: views, keys: keys, clock: clock)
        return SuggestionRoutes(desk: desk, indexes: indexes).routes
            + FindingRoutes(desk: desk, indexes: indexes).routes
            + GuessingRoutes(desk: desk, held: held, guessesPerDay: guessesPerDay).routes
            + AccessLogRoutes(desk: desk, retention: retention).routes
    }

    var backgroundTasks: [BackgroundTask] {
        [
            BackgroundTask("candidate indexes", run: indexes.run),
            BackgroundTask("owed candidates") { stop in
                while !stop.isGiven {
                    let step = try owed.step { indexes.index(of: $0) != nil }
                    if step == .idle, stop.wait(seconds: 5) { return }
                }
            },
            BackgroundTask("access log") { stop in
                repeat { try retention.deleteOld(until: stop) } while !stop.wait(seconds: 3_600)
            },
            BackgroundTask("held records") { stop in
                repeat { try held.releaseEarlierDays() } while !stop.wait(seconds: 60)
            },
        ]
    }
}
