"""A report as one HTML file that fetches nothing."""

import base64

from jinja2 import Environment, PackageLoader, StrictUndefined

from her2desk.reports.content import Picture, ReportContent
from her2desk.texts import CATALOGUE, Message, msg

TEMPLATE = "report.html.j2"
UNPRINTABLE = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127])


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
    environment.filters["data_uri"] = _data_uri
    environment.globals["heading"] = _headings()
    language = CATALOGUE.language.replace("_", "-")
    return environment.get_template(TEMPLATE).render(report=content, language=language)


def _said(message: Message) -> str:
    """The sentence in the present language, without the control characters that HTML forbids."""
    return message.text().translate(UNPRINTABLE)


def _data_uri(picture: Picture) -> str:
    return "data:image/png;base64," + base64.b64encode(picture.png).decode("ascii")


def _headings() -> dict[str, Message]:
    return {
        "title": msg("HER-2 estimate from breast ultrasound"),
        "demo": msg("DEMO"),
        "demo_text": msg(
            "This model pack was trained on simulated phantoms; it says nothing of a patient."
        ),
        "probability": msg("Predicted probability of HER-2 positive"),
        "scale": msg("bar: 95 % interval · thick mark: estimate · thin line: threshold"),
        "against": msg("What speaks against this answer"),
        "warnings": msg("Notices"),
        "failures": msg("How such answers fail"),
        "validation": msg("Like this in validation"),
        "called_positive": msg("Called positive"),
        "called_negative": msg("Called negative"),
        "sum": msg("Sum"),
        "is_positive": msg("HER-2 positive"),
        "is_negative": msg("HER-2 negative"),
        "branches": msg("Branches of the model"),
        "attention": msg("Attention of the network"),
        "features": msg("Features farthest from the training mean"),
        "feature": msg("Feature"),
        "value": msg("Value"),
        "z_score": msg("Standard deviations"),
        "out_of_range": msg("outside training"),
        "patient": msg("Patient and image"),
        "clinical": msg("Clinical record"),
        "provenance": msg("Computed from"),
        "check": msg("check"),
    }
