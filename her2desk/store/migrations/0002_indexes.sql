-- What the case list asks of each case, answered without touching the entries themselves: a
-- prediction's is tens of kilobytes long, and the reader's name lies behind it.
CREATE INDEX history_by_reader ON history (case_id, action, reader, entry_id);

-- Whether another case is the same DICOM instance.
CREATE INDEX cases_by_instance ON cases (sop_instance_uid);
