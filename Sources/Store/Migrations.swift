internal import GRDB

/// Every schema that this program ever wrote, oldest first. A released migration is never edited.
enum Migrations {
    static var all: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("v1") { db in try db.execute(sql: v1) }
        migrator.registerMigration("v2") { db in try db.execute(sql: v2) }
        migrator.registerMigration("v3") { db in try db.execute(sql: v3) }
        migrator.registerMigration("v4") { db in try db.execute(sql: v4) }
        return migrator
    }

    /// Refuses another program's database and one of a later version before anything is written to it.
    static func checkOwner(_ db: Database, path: String) throws {
        let migrator = all
        let applied = try migrator.appliedIdentifiers(db)
        let unknown = applied.subtracting(migrator.migrations)
        if !unknown.isEmpty { throw StoreError.newerSchema(path: path, found: unknown.sorted()) }
        if applied.isEmpty {
            let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master WHERE type = 'table'")
            if tables != 0 { throw StoreError.foreignDatabase(path: path) }
        }
    }

    /// Names repeat in every row as small integers: `arm`, `metric` and `mode` are their dictionaries.
    ///
    /// `request.id` is the first 60 bits of the request id and `tail` the rest, so rows lie in the order of
    /// their making without a second index. All candidates of a request are one packed row of `candidate`: a row
    /// each would spend more on keys and headers than on values (see `CandidateCoding`), and a table apart keeps
    /// them out of the way of a summary, which reads all of `request`.
    private static let v1 = """
        CREATE TABLE policy_version (
            id INTEGER PRIMARY KEY,
            policy TEXT NOT NULL,
            version TEXT NOT NULL,
            document TEXT NOT NULL,
            first_seen_ms INTEGER NOT NULL,
            UNIQUE (policy, version)
        ) STRICT;
        CREATE TABLE arm (
            id INTEGER PRIMARY KEY,
            policy_version INTEGER NOT NULL REFERENCES policy_version (id),
            name TEXT NOT NULL,
            is_control INTEGER NOT NULL CHECK (is_control IN (0, 1)),
            share_basis_points INTEGER NOT NULL CHECK (share_basis_points BETWEEN 0 AND 10000),
            UNIQUE (policy_version, name)
        ) STRICT;
        CREATE TABLE metric (
            id INTEGER PRIMARY KEY,
            policy_version INTEGER NOT NULL REFERENCES policy_version (id),
            name TEXT NOT NULL,
            is_binary INTEGER NOT NULL CHECK (is_binary IN (0, 1)),
            UNIQUE (policy_version, name)
        ) STRICT;
        CREATE TABLE mode (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE
        ) STRICT;
        CREATE TABLE request (
            id INTEGER PRIMARY KEY,
            tail INTEGER NOT NULL,
            arm INTEGER NOT NULL REFERENCES arm (id),
            assigned_mode INTEGER NOT NULL REFERENCES mode (id),
            served_mode INTEGER NOT NULL REFERENCES mode (id),
            subject INTEGER NOT NULL,
            excluded INTEGER NOT NULL,
            state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 5),
            cause INTEGER,
            latency_us INTEGER,
            first_token_us INTEGER,
            queued_us INTEGER,
            prompt_tokens INTEGER,
            candidate_tokens INTEGER,
            answer_tokens INTEGER,
            reasoning_tokens INTEGER,
            scored_steps INTEGER,
            cpu_us INTEGER,
            winner INTEGER,
            CHECK (state <> 0 OR latency_us IS NULL)
        ) STRICT;
        CREATE INDEX request_open ON request (state) WHERE state = 0;
        CREATE TABLE candidate (
            request INTEGER PRIMARY KEY REFERENCES request (id),
            packed BLOB NOT NULL
        ) STRICT;
        CREATE TABLE outcome (
            request INTEGER NOT NULL REFERENCES request (id),
            sequence INTEGER NOT NULL,
            metric INTEGER NOT NULL REFERENCES metric (id),
            value REAL NOT NULL,
            source INTEGER NOT NULL,
            idempotency_key INTEGER,
            recorded_ms INTEGER NOT NULL,
            PRIMARY KEY (request, sequence)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE server_run (
            id INTEGER PRIMARY KEY,
            started_ms INTEGER NOT NULL,
            stopped_ms INTEGER,
            closed_as_crashed INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE tally (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            assigned INTEGER NOT NULL,
            ended INTEGER NOT NULL
        ) STRICT;
        INSERT INTO tally VALUES (1, 0, 0);
        """

    /// What a request's effort came to. All are null in requests of before, and while a request is open;
    /// `stopped_by` also where nothing stopped it, `nested` also where nothing can be said (see `NestedPicks`).
    private static let v2 = """
        ALTER TABLE request ADD COLUMN cached_tokens INTEGER;
        ALTER TABLE request ADD COLUMN stopped_by INTEGER;
        ALTER TABLE request ADD COLUMN confidence REAL;
        ALTER TABLE request ADD COLUMN nested INTEGER;
        """

    /// Who changed what is in force, and where rollouts stand. `rollout.document` is the version of the document
    /// itself: the version in force has the rollout's share in it.
    private static let v3 = """
        CREATE TABLE rollout (
            policy TEXT PRIMARY KEY,
            phase TEXT NOT NULL,
            stage INTEGER NOT NULL,
            since_ms INTEGER NOT NULL,
            document TEXT NOT NULL
        ) STRICT;
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY,
            at_ms INTEGER NOT NULL,
            actor TEXT NOT NULL,
            action TEXT NOT NULL,
            policy TEXT,
            before TEXT NOT NULL,
            after TEXT NOT NULL,
            reason TEXT NOT NULL
        ) STRICT;
        """

    /// `original` is a document as its author wrote it; null for a version that a rollout made, and for all of before.
    /// A request with an idempotency key has that key's digest; `retry_of` is the first request of the same key, null
    /// in the first itself. A shadow is another mode's run of a request that nobody saw: it is in no figure of an arm.
    /// `review` has the requests that wait, or waited, for a person's label; `capture` the words that a policy keeps.
    private static let v4 = """
        ALTER TABLE policy_version ADD COLUMN original TEXT;
        ALTER TABLE request ADD COLUMN idempotency_key INTEGER;
        ALTER TABLE request ADD COLUMN retry_of INTEGER;
        CREATE INDEX request_keyed ON request (id) WHERE idempotency_key IS NOT NULL;
        CREATE TABLE shadow (
            request INTEGER PRIMARY KEY REFERENCES request (id),
            mode INTEGER NOT NULL REFERENCES mode (id),
            state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 5),
            cause INTEGER,
            latency_us INTEGER,
            queued_us INTEGER,
            prompt_tokens INTEGER,
            cached_tokens INTEGER,
            candidate_tokens INTEGER,
            answer_tokens INTEGER,
            reasoning_tokens INTEGER,
            scored_steps INTEGER,
            cpu_us INTEGER,
            score REAL,
            agrees INTEGER CHECK (agrees IN (0, 1))
        ) STRICT;
        CREATE INDEX shadow_open ON shadow (state) WHERE state = 0;
        CREATE TABLE review (
            request INTEGER PRIMARY KEY REFERENCES request (id),
            reason INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE capture (
            request INTEGER PRIMARY KEY REFERENCES request (id),
            prompt TEXT NOT NULL,
            answer TEXT NOT NULL,
            is_cut INTEGER NOT NULL CHECK (is_cut IN (0, 1))
        ) STRICT;
        """
}
