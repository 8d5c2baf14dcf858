extension TaskSpec {
    /// Reads a version as it was stored; what a version of an earlier release does not name has its default.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try values.decode(String.self, forKey: .name),
            taskType: try values.decode(String.self, forKey: .taskType),
            executor: try values.decode(String.self, forKey: .executor))
        try values.read(.description, into: &description)
        try values.read(.command, into: &command)
        try values.read(.arguments, into: &arguments)
        try values.read(.environment, into: &environment)
        try values.read(.workingDirectory, into: &workingDirectory)
        try values.read(.config, into: &config)
        try values.read(.schedule, into: &schedule)
        try values.read(.timezone, into: &timezone)
        try values.read(.priority, into: &priority)
        try values.read(.retryPolicy, into: &retryPolicy)
        try values.read(.timeoutSeconds, into: &timeoutSeconds)
        try values.read(.limits, into: &limits)
        try values.read(.maxConcurrent, into: &maxConcurrent)
        try values.read(.concurrencyKey, into: &concurrencyKey)
        try values.read(.startDate, into: &startDate)
        try values.read(.endDate, into: &endDate)
        try values.read(.maxExecutions, into: &maxExecutions)
        try values.read(.misfirePolicy, into: &misfirePolicy)
        try values.read(.misfireLimit, into: &misfireLimit)
        try values.read(.misfireWindowSeconds, into: &misfireWindowSeconds)
        try values.read(.overlapPolicy, into: &overlapPolicy)
        try values.read(.jitterSeconds, into: &jitterSeconds)
        try values.read(.gapPolicy, into: &gapPolicy)
        try values.read(.repeatPolicy, into: &repeatPolicy)
        try values.read(.dependencies, into: &dependencies)
        try values.read(.tags, into: &tags)
        try values.read(.metadata, into: &metadata)
    }
}

extension KeyedDecodingContainer {
    /// Sets the target where the key is there.
    fileprivate func read<Value: Decodable>(_ key: Key, into target: inout Value) throws {
        if let value = try decodeIfPresent(Value.self, forKey: key) { target = value }
    }
}
