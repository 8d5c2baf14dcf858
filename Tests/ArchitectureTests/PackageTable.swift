/// The table of our libraries in `Package.swift`, as written there.
struct PackageTable {
    /// The modules that each library declares: ours, C ones, and products of packages.
    let dependencies: [String: Set<String>]

    init() throws {
        let text = try SourceTree.text(of: "Package.swift")
        var products: [String: String] = [:]
        for match in text.matches(of: /let (\w+): Target\.Dependency = \.product\(name: "(\w+)"/) {
            products[String(match.1)] = String(match.2)
        }
        let table = text.firstMatch(of: /let libraries: .*?= \[\n([\s\S]*?)\n\]\n/).map { String($0.1) } ?? ""
        var dependencies: [String: Set<String>] = [:]
        for entry in table.matches(of: /\(\s*"(\w+)",\s*\[([^\]]*)\]\s*\)/) {
            let names = entry.2.split(separator: ",").map { $0.filter { !$0.isWhitespace } }.filter { !$0.isEmpty }
            dependencies[String(entry.1)] = Set(
                names.map { name in
                    name.hasPrefix("\"") ? name.filter { $0 != "\"" } : products[name] ?? name
                })
        }
        self.dependencies = dependencies
    }
}
