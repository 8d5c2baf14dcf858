/// What becomes of fire times that were missed, because no dispatcher was there to decide them in time.
public enum MisfirePolicy: String, Sendable, Hashable, Codable, CaseIterable {
    /// None is made up for.
    case skip
    /// The latest one is made up for if it lies within the misfire window.
    case fireOnce = "fire_once"
    /// The latest ones are made up for, as many as the limit allows and the window holds.
    case fireAll = "fire_all"
}

/// What becomes of a fire time whose task has as many live runs as `max_concurrent` allows.
public enum OverlapPolicy: String, Sendable, Hashable, Codable, CaseIterable {
    /// Its run waits for a place.
    case queue
    /// It gets no run.
    case skip
    /// Its run takes the place of the oldest live one, which is cancelled.
    case cancelRunning = "cancel_running"
}

/// What becomes of a fixed time of day that a daylight-saving change leaves out.
public enum GapPolicy: String, Sendable, Hashable, Codable, CaseIterable {
    /// It fires once, at the first instant after the gap.
    case runAfter = "run_after"
    case skip
}

/// What becomes of a fixed time of day that a daylight-saving change shows twice.
public enum RepeatPolicy: String, Sendable, Hashable, Codable, CaseIterable {
    case first
    case last
    case both
}
