/// How a store is opened; every limit of it has its name here.
public struct StoreConfiguration: Sendable {
    public var path: String
    /// How long a batch waits for another program's write lock. Longer than any backup's pause, shorter than
    /// a client's patience.
    public var busyTimeout: Duration = .seconds(2)
    /// Writes that may wait at once: a second and more of the highest traffic aimed at (20,000 writes/s).
    public var queueLimit: Int = 32_768
    /// Outcomes that may wait at once, however many writes they come in: eight of the largest batches. An assignment
    /// may have to wait for all of them.
    public var outcomeQueueLimit: Int = 8_192
    /// Outcomes that one request may have. Enough for every metric to be corrected many times.
    public var outcomeLimit: Int = 64
    /// Caps the file at this many pages; nil for no cap.
    public var pageLimit: Int?

    public init(path: String) {
        self.path = path
    }
}
