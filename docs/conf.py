"""How the help is built: English from these pages, Simplified Chinese from ``locales``.

Run: make help
"""

import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from her2desk import __version__  # noqa: E402 (the paths come first)

project = "Her2Desk"
author = copyright = "the Her2Desk authors"  # noqa: A001 (Sphinx's name)
version = release = __version__

extensions = ["myst_parser", "help_pages"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
exclude_patterns = ["adr", "images", "locales", "*.py"]

# JSON in these pages leaves parts out with "…"
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "furo"
html_title = f"Her2Desk {version}"
html_show_sphinx = False
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#00639c", "color-brand-content": "#00639c"},
    "dark_css_variables": {"color-brand-primary": "#56b4e9", "color-brand-content": "#56b4e9"},
}

language = "en"  # ``-D language=zh_CN`` for the other
locale_dirs = ["locales"]
gettext_compact = False
gettext_uuid = False
gettext_location = False

_CHANGES = (HERE.parent / "CHANGELOG.md").read_text(encoding="utf-8")
# Decisions (docs/adr) and files of the source are no part of the help: links to them become their words.
_OUTWARD = re.compile(r"\[([^\]]+)\]\((?:adr/|\.\./)[^)]*\)")


def setup(app):  # type: ignore[no-untyped-def]
    """Take links to files outside the help out of each page as it is read."""

    def keep_inside(_app: object, name: str, source: list[str]) -> None:
        if name == "changelog":
            source[0] = _CHANGES.replace("](docs/", "](")
        if "/" not in name:  # the guide's own "../" stay inside
            source[0] = _OUTWARD.sub(r"\1", source[0])

    app.connect("source-read", keep_inside)
