"""Writes beside Sphinx's pages what the window shows of them, and takes the latest pictures.

``window/contents.json`` has every page in the contents' order with its words; ``window/NAME.html`` is what
stands on it, with addresses relative to the help's folder.
"""

import json
import posixpath
import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any

from sphinx import addnodes
from sphinx.application import Sphinx

PICTURES = Path(__file__).resolve().parent.parent / "build" / "pictures"
_ADDRESS = re.compile(r'(<(?:a|img)\b[^>]*?\b(?:href|src)=")([^"]*)(")')
_PERMALINK = re.compile(r'<a class="headerlink".*?</a>', re.DOTALL)
_WRAPPER = re.compile(r'<div class="table-wrapper[^"]*">')
_PICTURE = re.compile(r"<p>(?=<img)")
_TAG = re.compile(r"<[^>]*>")
_SPACE = re.compile(r"\s+")


def setup(app: Sphinx) -> dict[str, bool]:
    """Hear of each page, and of the end."""
    bodies: dict[str, str] = {}

    def keep(
        _app: Sphinx, name: str, _template: str, context: dict[str, Any], _tree: object
    ) -> None:
        if name in app.env.all_docs:
            bodies[name] = context["body"]

    def write(_app: Sphinx, error: Exception | None) -> None:
        if error is None and app.builder.name == "html":
            _write(app, bodies)
            _take_new_pictures(app)

    app.connect("html-page-context", keep, priority=0)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": False}


def _write(app: Sphinx, bodies: dict[str, str]) -> None:
    folder = Path(app.outdir) / "window"
    pages = []
    for name, title, part in _contents(app):
        path = folder / f"{name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        if name in bodies:  # Sphinx writes again only what changed
            path.write_text(_fragment(name, bodies[name]), encoding="utf-8")
        text = _words(path.read_text(encoding="utf-8"))
        pages.append({"name": name, "title": title, "part": part, "text": text})
    contents = json.dumps({"pages": pages}, ensure_ascii=False, indent=1)
    (folder / "contents.json").write_text(contents, encoding="utf-8")


def _contents(app: Sphinx) -> list[tuple[str, str, str]]:
    """Each page with its title and the caption that it stands under, the first page before all."""
    root, titles = app.config.root_doc, app.env.titles
    found = [(root, titles[root].astext(), "")]
    for tree in app.env.get_doctree(root).findall(addnodes.toctree):
        caption = tree.get("caption") or ""
        for title, name in tree["entries"]:
            if name in titles:
                found.append((name, title or titles[name].astext(), caption))
    return found


def _fragment(name: str, body: str) -> str:
    folder = posixpath.dirname(name)

    def move(match: re.Match[str]) -> str:
        address = match[2]
        if "://" in address or address.startswith("mailto:"):
            return match[0]
        if address.startswith("#"):
            moved = f"{name}{address}"
        else:
            page, _, place = address.partition("#")
            moved = posixpath.normpath(posixpath.join(folder, page)).removesuffix(".html")
            moved += f"#{place}" if place else ""
        return f"{match[1]}{moved}{match[3]}"

    body = _WRAPPER.sub("<div>", _PERMALINK.sub("", body))
    body = _PICTURE.sub('<p style="line-height: 100%">', _ADDRESS.sub(move, body))  # Qt's space
    return f"<html><body>{body}</body></html>"


def _words(html: str) -> str:
    return _SPACE.sub(" ", unescape(_TAG.sub(" ", html))).strip()


def _take_new_pictures(app: Sphinx) -> None:
    """``make help-pictures`` makes them in the pages' language; else the old ones stay."""
    made = PICTURES / (app.config.language or "en")
    for path in (Path(app.outdir) / "_images").glob("*.webp"):
        newer = made / path.name
        if newer.is_file():
            shutil.copyfile(newer, path)
