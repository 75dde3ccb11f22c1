-- Each entry's link commits to the salted hash of its content, no longer to the content itself: a
-- patient's contents can be erased while the chain still holds. An entry outlives its case.
DROP TRIGGER history_is_never_changed;
DROP TRIGGER history_is_never_deleted;
DROP INDEX history_by_case;
DROP INDEX history_by_reader;
ALTER TABLE history RENAME TO history_before;

CREATE TABLE history (
    entry_id        INTEGER PRIMARY KEY AUTOINCREMENT,
    case_id         INTEGER NOT NULL,
    action          TEXT NOT NULL,
    reader          TEXT NOT NULL,
    utc             TEXT NOT NULL,
    content_sha256  TEXT NOT NULL,
    previous_sha256 TEXT NOT NULL,
    sha256          TEXT NOT NULL,
    salt            BLOB,
    content         TEXT,
    CHECK ((salt IS NULL) = (content IS NULL))
) STRICT;

-- What the case list shows of a case beside its file, worked out from the history.
ALTER TABLE cases ADD COLUMN clinical_age_years REAL;
ALTER TABLE cases ADD COLUMN clinical_laterality TEXT;
ALTER TABLE cases ADD COLUMN has_pathology INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cases ADD COLUMN changed_entry INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cases ADD COLUMN words TEXT NOT NULL DEFAULT '';

-- How far each reader has come with a case: the last entries of theirs, 0 where there is none.
CREATE TABLE case_states (
    reader          TEXT NOT NULL,
    case_id         INTEGER NOT NULL REFERENCES cases (case_id) ON DELETE CASCADE,
    has_roi         INTEGER NOT NULL DEFAULT 0,
    roi_entry       INTEGER NOT NULL DEFAULT 0,
    predicted_entry INTEGER NOT NULL DEFAULT 0,
    reported_entry  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (reader, case_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX cases_by_patient ON cases (patient_id);

-- Image files of erased cases which are still to be removed from the disk.
CREATE TABLE files_to_remove (image_sha256 TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
