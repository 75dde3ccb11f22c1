"""Erasing cases from the library, and what waits of their patients between it and the network."""

from collections.abc import Collection
from dataclasses import replace

from her2desk.dicom.pacs.outbox import NETWORK_FOLDER
from her2desk.dicom.pacs.waiting import remove_waiting
from her2desk.errors import StoreRefused
from her2desk.store.erasing import Erasure, erase_cases
from her2desk.store.library import Library
from her2desk.texts import msg


def forget_cases(library: Library, case_ids: Collection[int]) -> Erasure:
    """Erase these cases for good, and the waiting files of each patient who has none left then.

    An image that waits would come into the library again. Files of which nobody can tell whose they
    are become ``copies``. Raises as ``erase_cases``, and ``StoreRefused`` (``store-traces-left``) where
    a file that waits cannot be removed.
    """
    rows = [row for row in library.cases() if row.case_id in set(case_ids)]
    taken = erase_cases(library, case_ids)
    gone = {
        row.patient_id
        for row in rows
        if row.patient_id and not library.cases_of_patient(row.patient_id)
    }
    if not gone:
        return taken
    network = library.folder / NETWORK_FOLDER
    try:
        untold = remove_waiting(network, gone)
    except OSError as error:
        raise StoreRefused(
            msg("The patient is erased, but a file received or to be sent could not be removed."),
            msg("Delete what is of this patient in {folder} yourself.", folder=network),
            code="store-traces-left",
        ) from error
    return replace(taken, copies=(*taken.copies, *untold))
