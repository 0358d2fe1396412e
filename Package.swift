// swift-tools-version: 6.2
// TiemChung: one package; every product and target is named here.
// A single room can be built and tested alone: TIEMCHUNG_ONLY=Storage,StorageTests swift test
import PackageDescription

let languageFeatures: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// Rooms that touch no C: unsafe constructs are refused there.
let safeFeatures = languageFeatures + [.strictMemorySafety()]

func cLibrary(_ name: String, pkgConfig: String) -> Target {
    .systemLibrary(name: name, path: "Shared/CLibraries/\(name)", pkgConfig: pkgConfig)
}

func shared(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Shared/\(name)", exclude: ["README.md"],
        resources: resources, swiftSettings: languageFeatures)
}

/// What tests against a real database stand on.
let serverTests: [Target.Dependency] = ["TestSupport", "RecordModel", "Observability", "Storage"]

let sharedModules: [Target.Dependency] = [
    "RecordModel", "Observability", "Tabular", "Cryptography", "Storage", "Messaging", "Web", "ServiceRuntime",
]

func service(_ name: String, exclude: [String] = [], resources: [Resource] = []) -> Target {
    .executableTarget(
        name: name, dependencies: sharedModules, path: "Services/\(name)",
        exclude: ["README.md"] + exclude, resources: [.embedInCode("Migrations")] + resources,
        swiftSettings: safeFeatures)
}

func tool(_ name: String, resources: [Resource] = []) -> Target {
    .executableTarget(
        name: name, dependencies: sharedModules + ["ToolArguments"], path: "Services/Tools/\(name)",
        exclude: ["README.md"], resources: resources, swiftSettings: languageFeatures)
}

func tests(_ name: String, path: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, path: "Tests/\(path)",
        swiftSettings: languageFeatures)
}

let package = Package(
    name: "TiemChung",
    products: [
        .executable(name: "intake", targets: ["Intake"]),
        .executable(name: "identity-matching", targets: ["IdentityMatching"]),
        .executable(name: "correction-tasks", targets: ["CorrectionTasks"]),
        .executable(name: "signing", targets: ["Signing"]),
        .executable(name: "passport-issuance", targets: ["PassportIssuance"]),
        .executable(name: "dose-replay", targets: ["DoseReplay"]),
        .executable(name: "signing-agent", targets: ["SigningAgent"]),
        .executable(name: "operator", targets: ["Operator"]),
        .executable(name: "development-broker", targets: ["DevelopmentBroker"]),
    ],
    targets: [
        cLibrary("CRDKafka", pkgConfig: "rdkafka"),
        cLibrary("CPQ", pkgConfig: "libpq"),
        cLibrary("COpenSSL", pkgConfig: "libcrypto"),
        cLibrary("CMicroHTTPD", pkgConfig: "libmicrohttpd"),
        cLibrary("CProtobufC", pkgConfig: "libprotobuf-c"),
        cLibrary("CZlib", pkgConfig: "zlib"),
        cLibrary("CQREncode", pkgConfig: "libqrencode"),

        .target(
            name: "ContractsC", dependencies: ["CProtobufC"], path: "Shared/Contracts/Generated",
            publicHeadersPath: "include"),
        shared(
            "RecordModel", ["ContractsC", "CProtobufC"],
            resources: [.embedInCode("Data/vaccines.txt"), .embedInCode("Data/countries.txt")]),
        shared("Observability", []),
        shared("Tabular", []),
        shared("ToolArguments", []),
        shared("Cryptography", ["COpenSSL", "CZlib", "CQREncode"]),
        shared("Storage", ["RecordModel", "Observability", "CPQ"]),
        shared("Messaging", ["RecordModel", "Observability", "Storage", "CRDKafka"]),
        .target(
            name: "CWebShims", dependencies: ["CMicroHTTPD"], path: "Shared/CLibraries/CWebShims",
            publicHeadersPath: "include"),
        shared("Web", ["Cryptography", "Observability", "CMicroHTTPD", "CWebShims"]),
        shared(
            "ServiceRuntime",
            ["RecordModel", "Observability", "Cryptography", "Storage", "Messaging", "Web"]),

        service("Intake"),
        service(
            "IdentityMatching",
            exclude: [
                "Domain/README.md", "Findings/README.md", "Names/README.md", "Register/README.md",
                "Reverification/README.md", "RuleSets/README.md", "Suggestion/README.md",
                "Suggestion/Weights/weights-0.json",
            ],
            resources: [.embedInCode("Suggestion/Weights/weights-1.json")]),
        service("CorrectionTasks"),
        service("Signing"),
        service("PassportIssuance"),
        tool("DoseReplay", resources: [.embedInCode("Rates")]),
        tool("SigningAgent"),
        tool("Operator"),
        tool("DevelopmentBroker"),

        .target(
            name: "TestSupport", dependencies: ["RecordModel", "Observability", "Storage"], path: "Tests/TestSupport",
            swiftSettings: languageFeatures),
        tests("RecordModelTests", path: "Shared/RecordModelTests", ["RecordModel"]),
        tests("ObservabilityTests", path: "Shared/ObservabilityTests", ["Observability"]),
        tests("TabularTests", path: "Shared/TabularTests", ["Tabular"]),
        tests("CryptographyTests", path: "Shared/CryptographyTests", ["Cryptography"]),
        tests("StorageTests", path: "Shared/StorageTests", serverTests),
        tests("MessagingTests", path: "Shared/MessagingTests", serverTests + ["Messaging"]),
        tests("WebTests", path: "Shared/WebTests", ["Web", "Cryptography"]),
        tests(
            "ServiceRuntimeTests", path: "Shared/ServiceRuntimeTests",
            serverTests + ["ServiceRuntime", "Messaging", "Web", "Cryptography"]),
        tests("IntakeTests", path: "Services/IntakeTests", sharedModules + ["TestSupport", "Intake"]),
        tests(
            "IdentityMatchingTests", path: "Services/IdentityMatchingTests",
            sharedModules + ["TestSupport", "IdentityMatching"]),
        tests(
            "CorrectionTasksTests", path: "Services/CorrectionTasksTests",
            sharedModules + ["TestSupport", "CorrectionTasks"]),
        tests(
            "SigningTests", path: "Services/SigningTests", sharedModules + ["TestSupport", "Signing", "SigningAgent"]),
        tests(
            "PassportIssuanceTests", path: "Services/PassportIssuanceTests",
            sharedModules + ["TestSupport", "PassportIssuance"]),
        tests(
            "DoseReplayTests", path: "Services/DoseReplayTests",
            sharedModules + ["TestSupport", "ToolArguments", "DoseReplay"]),
        tests(
            "OperatorTests", path: "Services/OperatorTests",
            sharedModules + ["TestSupport", "ToolArguments", "Operator"]),
    ]
)

// One room alone: keep the named targets and what they stand on.
if let only = Context.environment["TIEMCHUNG_ONLY"], !only.isEmpty {
    var wanted = Set(only.split(separator: ",").map(String.init))
    var grew = true
    while grew {
        grew = false
        for target in package.targets where wanted.contains(target.name) {
            for dependency in target.dependencies {
                if case .byNameItem(let name, _) = dependency, wanted.insert(name).inserted { grew = true }
            }
        }
    }
    package.targets.removeAll { !wanted.contains($0.name) }
    package.products.removeAll { product in
        guard let executable = product as? Product.Executable else { return false }
        return !executable.targets.allSatisfy(wanted.contains)
    }
}
