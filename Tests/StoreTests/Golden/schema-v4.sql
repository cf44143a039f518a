PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE arm (
    id INTEGER PRIMARY KEY,
    policy_version INTEGER NOT NULL REFERENCES policy_version (id),
    name TEXT NOT NULL,
    is_control INTEGER NOT NULL CHECK (is_control IN (0, 1)),
    share_basis_points INTEGER NOT NULL CHECK (share_basis_points BETWEEN 0 AND 10000),
    UNIQUE (policy_version, name)
) STRICT;
INSERT INTO "arm" VALUES(1,1,'low',1,9000);
INSERT INTO "arm" VALUES(2,1,'medium',0,1000);
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
INSERT INTO "audit" VALUES(1,1795500000000,'ada','rollout','effort','idle aaaaaaaaaaaa','stage 2 aaaaaaaaaaaa','promoted by an operator');
CREATE TABLE candidate (
    request INTEGER PRIMARY KEY REFERENCES request (id),
    packed BLOB NOT NULL
) STRICT;
INSERT INTO "candidate" VALUES(7225344000000000,X'01030C7B146E3F00FCC1620C057F8D95A2AD78563412040000003F00FCC1620C057F8D95A2AD3C7B146E3F00FCC1620C057F8D95A2AD0278563412');
INSERT INTO "candidate" VALUES(7225344000000001,X'01030C7B146E3F00FCC1620C057F8D95A2AD785634120C0000003F00FCC1620C057F8D95A2AD785634122C0000803E00FCC1620C057F8D95A2AD0278563412');
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
INSERT INTO "grdb_migrations" VALUES('v1');
INSERT INTO "grdb_migrations" VALUES('v2');
INSERT INTO "grdb_migrations" VALUES('v3');
INSERT INTO "grdb_migrations" VALUES('v4');
CREATE TABLE metric (
    id INTEGER PRIMARY KEY,
    policy_version INTEGER NOT NULL REFERENCES policy_version (id),
    name TEXT NOT NULL,
    is_binary INTEGER NOT NULL CHECK (is_binary IN (0, 1)),
    UNIQUE (policy_version, name)
) STRICT;
INSERT INTO "metric" VALUES(1,1,'success',1);
INSERT INTO "metric" VALUES(2,1,'rating',0);
CREATE TABLE mode (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO "mode" VALUES(1,'medium');
INSERT INTO "mode" VALUES(2,'low');
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
INSERT INTO "outcome" VALUES(7225344000000000,0,1,1.0,1,NULL,1764000001500);
CREATE TABLE policy_version (
    id INTEGER PRIMARY KEY,
    policy TEXT NOT NULL,
    version TEXT NOT NULL,
    document TEXT NOT NULL,
    first_seen_ms INTEGER NOT NULL, original TEXT,
    UNIQUE (policy, version)
) STRICT;
INSERT INTO "policy_version" VALUES(1,'effort','aaaaaaaaaaaa','policy: effort
',1764000000000,NULL);
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
    winner INTEGER, cached_tokens INTEGER, stopped_by INTEGER, confidence REAL, nested INTEGER, idempotency_key INTEGER, retry_of INTEGER,
    CHECK (state <> 0 OR latency_us IS NULL)
) STRICT;
INSERT INTO "request" VALUES(7225344000000000,1008484077228378111,2,1,2,-5350418436430143925,0,1,NULL,120000,80000,3000,40,330,12,90,15,95000,0,16,2,0.875,NULL,NULL,NULL);
INSERT INTO "request" VALUES(7225344000000001,3347958588943389730,1,2,2,-1013240417689784983,0,1,NULL,120000,80000,3000,40,330,12,90,15,95000,0,0,NULL,NULL,4294953314,NULL,NULL);
INSERT INTO "request" VALUES(7225344000000002,1417983727902057580,1,2,2,1193623793285701612,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE rollout (
    policy TEXT PRIMARY KEY,
    phase TEXT NOT NULL,
    stage INTEGER NOT NULL,
    since_ms INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;
INSERT INTO "rollout" VALUES('effort','stage',1,1795500000000,'aaaaaaaaaaaa');
CREATE TABLE server_run (
    id INTEGER PRIMARY KEY,
    started_ms INTEGER NOT NULL,
    stopped_ms INTEGER,
    closed_as_crashed INTEGER NOT NULL
) STRICT;
INSERT INTO "server_run" VALUES(1,1764000000000,NULL,0);
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
CREATE TABLE tally (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    assigned INTEGER NOT NULL,
    ended INTEGER NOT NULL
) STRICT;
INSERT INTO "tally" VALUES(1,3,2);
CREATE INDEX request_open ON request (state) WHERE state = 0;
CREATE INDEX request_keyed ON request (id) WHERE idempotency_key IS NOT NULL;
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
CREATE INDEX shadow_open ON shadow (state) WHERE state = 0;
COMMIT;
