import Testing

@Suite("Arrows between modules")
struct ArrowTests {
    /// What each library may import of ours; the specification of the architecture, and nothing else is allowed.
    static let allowed: [String: Set<String>] = [
        "SchedulerErrors": [],
        "SchedulerDomain": ["SchedulerErrors"],
        "SchedulerFoundation": ["SchedulerDomain", "SchedulerErrors"],
        "SchedulerConfig": ["SchedulerErrors"],
        "SchedulerObservability": ["SchedulerFoundation", "SchedulerDomain", "SchedulerErrors"],
        "SchedulerApplication": ["SchedulerFoundation", "SchedulerDomain", "SchedulerErrors"],
        "SchedulerInfrastructure": [
            "SchedulerFoundation", "SchedulerDomain", "SchedulerConfig", "SchedulerErrors", "SchedulerObservability",
        ],
        "SchedulerAPI": role,
        "SchedulerDispatcher": role,
        "SchedulerWorker": role,
        "SchedulerTestingUtils": ["SchedulerDomain", "SchedulerErrors", "SchedulerFoundation"],
    ]

    /// Roles never import each other.
    private static let role: Set<String> = [
        "SchedulerFoundation", "SchedulerApplication", "SchedulerDomain", "SchedulerInfrastructure", "SchedulerErrors",
        "SchedulerConfig", "SchedulerObservability",
    ]

    /// What comes with the toolchain and the system.
    private static let system: Set<String> = [
        "Dispatch", "Foundation", "FoundationEssentials", "FoundationNetworking", "Glibc", "Synchronization",
    ]

    @Test("a library imports only those of ours that the architecture allows", arguments: allowed.keys.sorted())
    func imports(library: String) throws {
        let files = try SourceTree.swiftFiles(under: "Sources/\(library)")
        #expect(!files.isEmpty, "there is no source of \(library)")
        let wrong = files.flatMap { file in
            file.imports.filter { $0.module.isOurs && Self.allowed[library]?.contains($0.module) == false }
                .map { "\(file.place($0.line)) imports \($0.module)" }
        }
        #expect(wrong == [])
    }

    @Test("Package.swift declares exactly the arrows of the architecture", arguments: allowed.keys.sorted())
    func packageTable(library: String) throws {
        let declared = try #require(PackageTable().dependencies[library])
        #expect(declared.filter(\.isOurs) == Self.allowed[library])
    }

    @Test("Package.swift knows no library that the architecture does not", .timeLimit(.minutes(1)))
    func noOtherLibrary() throws {
        #expect(try Set(PackageTable().dependencies.keys) == Set(Self.allowed.keys))
    }

    @Test("what a library imports of others, it declares in Package.swift", arguments: allowed.keys.sorted())
    func declaredImports(library: String) throws {
        let declared = try #require(PackageTable().dependencies[library])
        let wrong = try SourceTree.swiftFiles(under: "Sources/\(library)").flatMap { file in
            file.imports.filter {
                !$0.module.isOurs && !Self.system.contains($0.module) && !declared.contains($0.module)
            }
            .map { "\(file.place($0.line)) imports \($0.module)" }
        }
        #expect(wrong == [])
    }

    @Test(
        "an import is found in every form",
        arguments: [
            ("import A", "A"), ("public import A", "A"), ("@testable import A", "A"),
            ("private import struct A.B", "A"),
            ("@preconcurrency package import A // why", "A"), ("  import A", "A"),
        ])
    func importForms(line: String, module: String) {
        #expect(SourceTree.File(path: "x.swift", lines: [line]).imports.map(\.module) == [module])
    }

    @Test(
        "what only looks like an import is none",
        arguments: ["// import A", "let important = 1", "/// an import A", "x(import: A)"])
    func noImports(line: String) {
        #expect(SourceTree.File(path: "x.swift", lines: [line]).imports.isEmpty)
    }
}

extension String {
    fileprivate var isOurs: Bool { hasPrefix("Scheduler") || self == "scheduler" }
}
