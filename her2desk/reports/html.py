"""A case's report as one HTML file that fetches nothing."""

import base64
from collections.abc import Callable

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from her2desk.readable import readable
from her2desk.reports.content import (
    Columns,
    CountTable,
    FeatureTable,
    Lines,
    Picture,
    ReportContent,
    Rows,
    demo_mark,
    demo_sentence,
    title,
)
from her2desk.texts import Message, msg

TEMPLATE = "report.html.j2"


def render_html(content: ReportContent) -> str:
    """The report in the present language: inline style, pictures inside, no script, A4 in print.

    The same content gives the same text. Every value is escaped.
    """
    environment = Environment(
        loader=PackageLoader("her2desk.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["said"] = _said
    environment.filters["readable"] = readable
    environment.filters["css_string"] = _css_string
    environment.filters["data_uri"] = _data_uri
    environment.tests.update(_tests())
    environment.globals["heading"] = _headings()
    return environment.get_template(TEMPLATE).render(report=content)


def _said(message: Message) -> str:
    """The sentence in the present language; what HTML forbids is shown by its code point."""
    return readable(message.text())


def _css_string(text: str) -> Markup:
    """A text as a string of a style sheet: every letter but plain ones by its code point.

    Nothing of it is left that could be markup.
    """
    said = "".join(
        c if c.isascii() and (c.isalnum() or c == " ") else f"\\{ord(c):06x}" for c in text
    )
    return Markup(f'"{said}"')


def _data_uri(picture: Picture) -> str:
    return "data:image/png;base64," + base64.b64encode(picture.png).decode("ascii")


def _tests() -> dict[str, Callable[[object], bool]]:
    kinds: dict[str, type] = {
        "columns": Columns,
        "rows": Rows,
        "lines": Lines,
        "counts": CountTable,
        "features": FeatureTable,
        "picture": Picture,
    }
    return {name: lambda block, kind=kind: isinstance(block, kind) for name, kind in kinds.items()}  # type: ignore[misc]


def _headings() -> dict[str, Message]:
    return {
        "title": title(),
        "demo": demo_mark(),
        "demo_text": demo_sentence(),
        "probability": msg("Predicted probability of HER-2 positive"),
        "scale": msg("bar: 95 % interval · thick mark: estimate · thin line: threshold"),
        **count_headings(),
        **feature_headings(),
        "check": msg("check"),
    }


def count_headings() -> dict[str, Message]:
    """The words around a confusion table."""
    return {
        "called_positive": msg("Called positive"),
        "called_negative": msg("Called negative"),
        "sum": msg("Sum"),
        "is_positive": msg("HER-2 positive"),
        "is_negative": msg("HER-2 negative"),
    }


def feature_headings() -> dict[str, Message]:
    """The words around a table of features."""
    return {
        "feature": msg("Feature"),
        "value": msg("Value"),
        "z_score": msg("Standard deviations"),
        "out_of_range": msg("outside training"),
    }
