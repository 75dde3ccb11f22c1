"""What each check is called for people."""

from her2desk.texts import Message, msg

TITLES = {
    "program": msg("Program"),
    "bundle": msg("Files of the program"),
    "settings": msg("Settings"),
    "policy": msg("Rules of the administrator"),
    "system-libraries": msg("Libraries of the system"),
    "window": msg("Window"),
    "screen": msg("Screen"),
    "fonts": msg("Chinese font"),
    "processor": msg("Processor and memory"),
    "networks": msg("Neural networks"),
    "device": msg("Graphics card"),
    "radiomics": msg("Image features"),
    "decoders": msg("Compressed images"),
    "demo-pack": msg("Demo model pack"),
    "kept-packs": msg("Kept model packs"),
    "self-test": msg("Test with the demo case"),
    "network": msg("DICOM network"),
    "clock": msg("Clock"),
    "library-place": msg("Place of the library"),
    "disk-space": msg("Free disk space"),
    "library": msg("Library"),
    "library-encryption": msg("Encryption of the library"),
    "library-history": msg("History of the library"),
    "library-durability": msg("Safe writing"),
    "library-files": msg("Images of the library"),
    "library-permissions": msg("Who can read the library"),
    "library-backup": msg("Backup"),
}


def title_of(name: str) -> Message:
    """The title of the check of this name; the name itself where there is none."""
    return TITLES.get(name, Message("{name}", {"name": name}))
