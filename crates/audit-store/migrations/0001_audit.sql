-- The body is kept as the exact text over which its hash was made; the columns before it only serve questions.
-- `at_nanos` are nanoseconds since 1970, in UTC.
CREATE TABLE audit_entries (
    term        BIGINT NOT NULL,
    sequence    BIGINT NOT NULL,
    previous    TEXT   NOT NULL,
    hash        TEXT   NOT NULL,
    at_nanos    BIGINT NOT NULL,
    node        TEXT,
    node_group  TEXT,
    action      TEXT   NOT NULL,
    result      TEXT   NOT NULL,
    decision_by TEXT   NOT NULL,
    body        TEXT   NOT NULL,
    PRIMARY KEY (term, sequence)
);

-- Every question is answered in the order of the chain, the newest first.
CREATE INDEX audit_entries_of_node     ON audit_entries (node, term, sequence);
CREATE INDEX audit_entries_of_group    ON audit_entries (node_group, term, sequence);
CREATE INDEX audit_entries_of_action   ON audit_entries (action, term, sequence);
CREATE INDEX audit_entries_of_result   ON audit_entries (result, term, sequence);
CREATE INDEX audit_entries_of_decider  ON audit_entries (decision_by, term, sequence);
CREATE INDEX audit_entries_of_time     ON audit_entries (at_nanos);

-- Up to where the entries of a term were removed because they were old, and how many.
CREATE TABLE audit_anchors (
    term     BIGINT NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL,
    hash     TEXT   NOT NULL,
    pruned   BIGINT NOT NULL
);
