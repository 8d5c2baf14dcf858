/// The headers that a queue adds to a message when it is put aside (`QueueSubscription.park`).
public enum ParkedMessage {
    /// Why it could not be handled.
    public static let reasonHeader = "reason"
    /// The queue that it came from.
    public static let queueHeader = "queue"
    /// How long the body was, where only its beginning was put aside.
    public static let bytesHeader = "body_bytes"
}
