"""A small book in two languages, as ``make help`` would leave it."""

import json
from pathlib import Path

from PIL import Image

ENGLISH = {
    "index": ("Her2Desk", "", "<h1>Her2Desk</h1><p>It works on this computer alone.</p>"),
    "guide/first-steps": (
        "First steps",
        "For clinicians",
        '<h1>First steps</h1><p>Begin with <a href="guide/draw#polygon">Draw</a>, or see '
        '<a href="https://example.org/more">more</a>.</p>',
    ),
    "guide/draw": (
        "Draw",
        "For clinicians",
        '<h1>Draw</h1><p>An outline is drawn with the polygon.</p><p><img src="_images/one.webp"></p>'
        + "<p>More of it.</p>" * 40
        + '<h2 id="polygon">Polygon</h2><p>Click round the lesion. The last outline.</p>',
    ),
    "guide/answer": (
        "Read the answer",
        "For clinicians",
        "<h1>Read the answer</h1><p>Outline.</p>",
    ),
    "changelog": ("What is new", "For administrators", "<h1>What is new</h1><h2>0.1.0</h2>"),
}
CHINESE = {
    "index": ("Her2Desk", "", "<h1>Her2Desk</h1><p>只在本机运行。</p>"),
    "guide/first-steps": ("入门", "临床医师", "<h1>入门</h1><p>从勾画开始。</p>"),
    "guide/draw": ("勾画", "临床医师", "<h1>勾画</h1><p>用多边形勾画轮廓。</p>"),
    "guide/answer": ("解读结果", "临床医师", "<h1>解读结果</h1>"),
    "changelog": ("新增内容", "管理员", "<h1>新增内容</h1>"),
}


def write_book(folder: Path) -> Path:
    """Both languages under ``folder``; returns it."""
    for language, pages in (("en", ENGLISH), ("zh_CN", CHINESE)):
        place = folder / language
        (place / "_images").mkdir(parents=True)
        Image.new("RGB", (1440, 900), "teal").save(place / "_images" / "one.webp")
        listed = []
        for name, (title, part, html) in pages.items():
            path = place / "window" / f"{name}.html"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"<html><body>{html}</body></html>", encoding="utf-8")
            (place / f"{name}.html").parent.mkdir(parents=True, exist_ok=True)
            (place / f"{name}.html").write_text(html, encoding="utf-8")
            listed.append({"name": name, "title": title, "part": part, "text": _plain(html)})
        contents = json.dumps({"pages": listed})
        (place / "window" / "contents.json").write_text(contents, encoding="utf-8")
    return folder


def _plain(html: str) -> str:
    words, is_in_tag = [], False
    for letter in html:
        if letter in "<>":
            is_in_tag = letter == "<"
            words.append(" ")
        elif not is_in_tag:
            words.append(letter)
    return " ".join("".join(words).split())
