"""The report of a study as one HTML file that fetches nothing."""

import base64

from jinja2 import Environment, PackageLoader, StrictUndefined

from her2desk.readable import readable
from her2desk.reports.document import Block, Listing, Paragraph, StudyPicture
from her2desk.reports.study import Study
from her2desk.reports.study_content import build_study_content
from her2desk.texts import CATALOGUE, Message, msg

TEMPLATE = "study.html.j2"


def render_study(study: Study) -> str:
    """The report in the present language: inline style, pictures inside, no script, A4 in print.

    The same study gives the same text. Every value is escaped. Raises ``ValueError`` where a
    confusion table does not add up to its scored patients.
    """
    content = build_study_content(study)
    return environment().get_template(TEMPLATE).render(report=content)


def environment() -> Environment:
    """Templates with escaping, and what they need to show a document's parts."""
    made = Environment(
        loader=PackageLoader("her2desk.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["said"] = _said
    made.filters["printable"] = readable
    made.filters["data_uri"] = _data_uri
    made.tests["paragraph"] = lambda block: isinstance(block, Paragraph)
    made.tests["listing"] = lambda block: isinstance(block, Listing)
    made.tests["picture"] = _is_picture
    made.globals["heading"] = _headings()
    made.globals["language"] = CATALOGUE.language.replace("_", "-")
    return made


def _said(message: Message) -> str:
    """The sentence in the present language; what HTML forbids is shown by its code point."""
    return readable(message.text())


def _data_uri(picture: StudyPicture) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(picture.draw("svg")).decode("ascii")


def _is_picture(block: Block) -> bool:
    return isinstance(block, StudyPicture)


def _headings() -> dict[str, Message]:
    return {
        "demo": msg("DEMO"),
        "demo_text": msg(
            "This model pack was trained on simulated phantoms; it says nothing of a patient."
        ),
        "contents": msg("Contents"),
        "check": msg("check"),
        "to_write": msg("To be written by the authors"),
        "known": msg("From the run"),
        "item": msg("Item"),
    }
