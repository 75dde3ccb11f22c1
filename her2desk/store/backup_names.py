"""What a backup may hold, by name: nothing else is written to one or taken from one."""

import re

from her2desk.store.connection import DATABASE_NAME
from her2desk.store.replacing import SETTINGS_FOLDER
from her2desk.store.vault import VAULT_NAME

MANIFEST_NAME, SUMS_NAME = "backup.json", "SHA256SUMS"
KEPT_FOLDERS = ("packs", "deidentify", "ledgers")

_PART = r"[A-Za-z0-9][A-Za-z0-9._-]*"  # no name that leads elsewhere, on any system
NAMES = re.compile(
    rf"{re.escape(DATABASE_NAME)}|{re.escape(VAULT_NAME)}|{MANIFEST_NAME}|{SUMS_NAME}"
    r"|files/(?P<start>[0-9a-f]{2})/(?P<hash>(?P=start)[0-9a-f]{62})"
    rf"|(?:{'|'.join(KEPT_FOLDERS)})(?:/{_PART})+|{SETTINGS_FOLDER}/{_PART}\.json"
)
