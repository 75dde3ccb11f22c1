"""One finding of ``her2desk doctor``."""

from dataclasses import dataclass
from typing import Any

from her2desk.diagnostics.titles import title_of
from her2desk.redaction import redacted_message
from her2desk.texts import Message, msg

NOTHING = Message("")
INSTALL_AGAIN = msg("Install Her2Desk again; the installation is incomplete or damaged.")


@dataclass(frozen=True)
class Check:
    """One finding; a ``remedy`` beside what is well is advice."""

    name: str
    ok: bool
    message: Message
    remedy: Message = NOTHING

    def document(self) -> dict[str, Any]:
        """The finding as ``--json`` prints it."""
        return {
            "name": self.name,
            "title": title_of(self.name).text(),
            "ok": self.ok,
            "message": self.message.text(),
            "remedy": self.remedy.text(),
        }

    def without_values(self) -> dict[str, Any]:
        """The finding as a diagnostic bundle has it: no folders, no names of files."""
        return {"name": self.name, "ok": self.ok, "message": redacted_message(self.message)}
