-- One case per imported file. What the file says of itself is kept here so that the case list needs
-- no DICOM reading.
CREATE TABLE cases (
    case_id            INTEGER PRIMARY KEY AUTOINCREMENT,
    image_sha256       TEXT NOT NULL UNIQUE,
    file_name          TEXT NOT NULL,
    sop_instance_uid   TEXT,
    study_instance_uid TEXT NOT NULL,
    study_date         TEXT NOT NULL,
    patient_id         TEXT NOT NULL,
    patient_name       TEXT NOT NULL,
    patient_age_years  REAL,
    laterality         TEXT,
    frames             INTEGER NOT NULL,
    imported_utc       TEXT NOT NULL
) STRICT;

-- All that was drawn, said, computed and decided, in order. The latest entry of an action counts;
-- each entry carries the hash of the one before it.
CREATE TABLE history (
    entry_id        INTEGER PRIMARY KEY AUTOINCREMENT,
    case_id         INTEGER NOT NULL REFERENCES cases (case_id),
    action          TEXT NOT NULL,
    content         TEXT NOT NULL,
    reader          TEXT NOT NULL,
    utc             TEXT NOT NULL,
    previous_sha256 TEXT NOT NULL,
    sha256          TEXT NOT NULL
) STRICT;

CREATE INDEX history_by_case ON history (case_id, action, entry_id);

CREATE TRIGGER history_is_never_changed BEFORE UPDATE ON history
BEGIN
    SELECT RAISE(ABORT, 'history is append-only');
END;

CREATE TRIGGER history_is_never_deleted BEFORE DELETE ON history
BEGIN
    SELECT RAISE(ABORT, 'history is append-only');
END;
