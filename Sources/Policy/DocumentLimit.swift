/// How much a policy folder may hold; past these a document is refused by name.
///
/// They stand far above what an operator writes by hand, and low enough that reading a folder stays a
/// matter of milliseconds.
public enum DocumentLimit {
    /// A quarter of what a Kubernetes ConfigMap holds in all.
    public static let fileBytes = 262_144
    /// Documents in one folder.
    public static let files = 1_024
    /// Levels of lists and mappings inside each other; the deepest known key needs 4.
    public static let nesting = 16
    /// Each arm needs its own subjects before anything can be said about it.
    public static let arms = 16
    public static let modes = 32
    public static let metrics = 16
    public static let overrides = 64
    public static let headers = 16
    /// Values of one header, or models.
    public static let values = 256
    public static let subjectSources = 8
    /// Stages of a rollout; each takes at least as long as its evidence.
    public static let stages = 32
    public static let freezeWindows = 16
    /// Characters of a name; names are metric labels and response headers.
    public static let name = 64
    /// Characters of a salt, a pattern or a header name.
    public static let text = 256
    public static let description = 2_000
}
