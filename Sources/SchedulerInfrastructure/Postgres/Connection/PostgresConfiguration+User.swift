import CPostgres

extension PostgresConfiguration {
    /// The user that the URL names; nil where it names none and libpq chooses.
    public var user: String? {
        guard let options = PQconninfoParse(url, nil) else { return nil }
        defer { PQconninfoFree(options) }
        var option = options
        while let keyword = option.pointee.keyword {
            if String(cString: keyword) == "user" { return option.pointee.val.map { String(cString: $0) } }
            option += 1
        }
        return nil
    }
}
