"""The help as ``make help`` builds it, in both languages."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from her2desk.ui.help.book import Book
from tests.unit.help.guide_words import DOCS, TRANSLATED

_SHOWN = re.compile(r'<img[^>]*\bsrc="([^"]+)"')
_LINK = re.compile(r'<a[^>]*\bhref="([^"]+)"')
_FETCHED = re.compile(r'<(?:link|script|img|iframe)[^>]*\b(?:href|src)="(?:https?:)?//')


@pytest.fixture(scope="module", params=["en", "zh_CN"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out: Path = tmp_path_factory.mktemp("help") / request.param
    read = tmp_path_factory.mktemp("read")
    asked = ["-b", "html", "-d", str(read), "-D", f"language={request.param}", str(DOCS), str(out)]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", *asked],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return out


@pytest.mark.slow
def test_it_is_built_without_a_warning_and_the_window_reads_all_of_it(built: Path) -> None:
    book = Book(built)
    assert {*TRANSLATED, "researcher", "administrator", "changelog"} <= {p.name for p in book.pages}
    for page in book.pages:
        html = book.html(page.name)
        assert page.title
        assert len(page.text) > 100
        for address in _SHOWN.findall(html):
            assert book.file(address), (page.name, address)
        for address in _LINK.findall(html):
            if "://" not in address:
                assert book.page(address.partition("#")[0]), (page.name, address)


@pytest.mark.slow
def test_no_page_fetches_anything_from_elsewhere(built: Path) -> None:
    for path in built.rglob("*.html"):
        assert not _FETCHED.search(path.read_text(encoding="utf-8")), path.name
    for path in built.rglob("*.css"):
        assert "url(http" not in path.read_text(encoding="utf-8"), path.name


@pytest.mark.slow
def test_the_contents_are_in_the_pages_language(built: Path) -> None:
    contents = json.loads((built / "window" / "contents.json").read_text(encoding="utf-8"))
    titles = {page["name"]: page["title"] for page in contents["pages"]}
    expected = {"en": "Ask why", "zh_CN": "查看原因"}
    assert titles["guide/why"] == expected[built.name]
