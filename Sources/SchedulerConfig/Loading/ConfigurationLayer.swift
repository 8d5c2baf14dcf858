import Configuration

/// One source of settings: flags, environment or file.
///
/// Higher layers hide lower ones, key by key.
struct ConfigurationLayer: Sendable {
    enum Kind { case flags, environment, file }

    let kind: Kind
    private let snapshot: TextSnapshot
    /// What people call the place of each key: the variable's name, the file's path.
    private let places: [String: String]

    private init(kind: Kind, texts: [String: String], places: [String: String]) {
        self.kind = kind
        snapshot = TextSnapshot(providerName: "\(kind)", texts: texts)
        self.places = places
    }

    /// Flags, by key.
    init(flags: [String: String]) {
        self.init(kind: .flags, texts: flags, places: flags.mapValues { _ in "a flag" })
    }

    /// The environment; an empty variable counts as not set, since files for containers cannot leave one out.
    init(environment: [String: String]) {
        var texts: [String: String] = [:]
        var places: [String: String] = [:]
        for setting in Settings.all {
            guard let variable = setting.variables.first(where: { environment[$0]?.isEmpty == false }) else { continue }
            texts[setting.key] = environment[variable]
            places[setting.key] = variable
        }
        self.init(kind: .environment, texts: texts, places: places)
    }

    /// A file whose tables were flattened.
    init(file path: String, texts: [String: String]) {
        self.init(kind: .file, texts: texts, places: texts.mapValues { _ in path })
    }

    var keys: [String] { snapshot.texts.keys.sorted() }

    /// The text of a key and where it was found, nil where this layer does not set it.
    func text(for key: String) throws -> (text: String, place: String)? {
        let components = key.split(separator: ".").map(String.init)
        guard case .string(let text) = try snapshot.value(forKey: .init(components), type: .string).value?.content
        else {
            return nil
        }
        return (text, places[key] ?? "\(kind)")
    }
}
