"""What the user chose, in one small JSON file; broken values fall back to the defaults."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from her2desk.errors import StoreRefused
from her2desk.private_files import make_private_folder, write_private
from her2desk.texts import msg

THEMES = ("dark", "light", "system")
DEVICES = ("auto", "cpu", "cuda", "cuda-half", "mps")


@dataclass(frozen=True)
class Settings:
    """The user's choices.

    ``local_prevalence`` is a share (0–1) or None for the pack's own cohort; ``device`` is where the
    network runs; ``read_first`` asks for the reader's impression before the result is shown.
    """

    theme: str = "dark"
    device: str = "auto"
    language: str = "en"
    operating_point: str = "youden"
    local_prevalence: float | None = None
    reader: str = "Reader A"
    read_first: bool = True
    pack_path: str | None = None
    heatmap_opacity: float = 0.45

    def checked(self) -> "Settings":
        """The same with every value outside its range put back to the default."""
        default = Settings()
        values = asdict(self)
        valid = {
            "theme": self.theme in THEMES,
            "device": self.device in DEVICES,
            "local_prevalence": self.local_prevalence is None or 0 < self.local_prevalence < 1,
            "heatmap_opacity": 0 <= self.heatmap_opacity <= 1,
        }
        wrong = {name: getattr(default, name) for name, ok in valid.items() if not ok}
        return Settings(**{**values, **wrong})


def load_settings(path: Path) -> Settings:
    """Settings from ``path``; the defaults where the file is absent or unreadable."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return Settings()
    return _from_json(raw).checked()


def save_settings(path: Path, settings: Settings) -> None:
    """Write ``settings``, for the user alone, so that a crash leaves either the old file or the new one.

    Raises ``StoreRefused`` when the file cannot be written; the old one is then still there.
    """
    content = json.dumps(asdict(settings), indent=2, sort_keys=True).encode()
    try:
        make_private_folder(path.parent)
        write_private(path, content)
    except OSError as error:
        raise StoreRefused(
            msg("The settings could not be saved."),
            msg(
                "Check that you may write to {folder} and that its disk has room.",
                folder=path.parent,
            ),
            code="settings-unwritable",
        ) from error


def _from_json(raw: Any) -> Settings:
    accepted: dict[str, Any] = {}
    if not isinstance(raw, dict):
        return Settings()
    for field in fields(Settings):
        if field.name not in raw:
            continue
        value = raw[field.name]
        if isinstance(value, _accepted(field.name)) and not _is_flag_mismatch(field.name, value):
            accepted[field.name] = value
    return Settings(**accepted)


def _accepted(name: str) -> tuple[type, ...]:
    if name in ("local_prevalence",):
        return (float, int, type(None))
    if name == "pack_path":
        return (str, type(None))
    if name == "heatmap_opacity":
        return (float, int)
    return (type(getattr(Settings(), name)),)


def _is_flag_mismatch(name: str, value: object) -> bool:
    return isinstance(value, bool) and name != "read_first"
