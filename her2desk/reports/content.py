"""What a case's report says, before it has a form: HTML and PDF are made from the same content."""

from dataclasses import dataclass

from her2desk.domain.counts import Call, Confusion
from her2desk.domain.prediction import PackIdentity
from her2desk.texts import Message, msg


@dataclass(frozen=True)
class Row:
    """A label and what is said of it; ``is_flagged`` rows get a mark and a word.

    A ``is_code`` value is a hash or an identifier, set in small letters that tell 0 from O.
    """

    label: Message
    value: Message
    is_flagged: bool = False
    is_code: bool = False


@dataclass(frozen=True)
class Rows:
    """Labels and values under one another."""

    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Lines:
    """Sentences under one another; a list where ``is_list``, else paragraphs."""

    lines: tuple[Message, ...]
    is_list: bool = True


@dataclass(frozen=True)
class CountTable:
    """The confusion table, with whose answers it counts."""

    confusion: Confusion
    title: Message


@dataclass(frozen=True)
class FeatureRow:
    """A radiomics feature; figures are already in words."""

    name: str
    value: str
    z_score: str
    is_out_of_range: bool


@dataclass(frozen=True)
class FeatureTable:
    """Radiomics features, the farthest from the training mean first."""

    rows: tuple[FeatureRow, ...]


@dataclass(frozen=True)
class Picture:
    """A PNG with the sentence under it; ``alternative`` is what it shows, for who cannot see it."""

    png: bytes
    caption: Message
    alternative: Message


Block = Rows | Lines | CountTable | FeatureTable | Picture


@dataclass(frozen=True)
class Section:
    """A heading, or none, and what stands under it; ``is_warning`` gives it a mark and a frame."""

    title: Message | None
    blocks: tuple[Block, ...]
    is_warning: bool = False


@dataclass(frozen=True)
class Columns:
    """Sections side by side, under a heading of their own where there is one."""

    left: tuple[Section, ...]
    right: tuple[Section, ...]
    title: Message | None = None
    above: tuple[Block, ...] = ()


Part = Section | Columns


@dataclass(frozen=True)
class Answer:
    """The estimate, and the bar that it is drawn on."""

    probability: Message
    value: float
    interval: tuple[float, float]
    threshold: float
    call: Call
    next_step: Message
    sentences: tuple[Message, ...]


@dataclass(frozen=True)
class ReportContent:
    """All that a report says, in the order in which it says it.

    ``name`` is the document's own, without a patient. ``identity`` stands at the head of every page.
    ``utc`` is when the latest of what it says was kept (ISO 8601), empty where that is not known: the
    content knows no clock. ``language`` is the one that its pictures are in, as BCP 47.
    """

    name: Message
    identity: tuple[Row, ...]
    pack: PackIdentity
    inputs_sha256: str
    answer: Answer
    parts: tuple[Part, ...]
    utc: str
    language: str
    research_use: Message


def title() -> Message:
    """What such a report is called."""
    return msg("HER-2 estimate from breast ultrasound")


def demo_mark() -> Message:
    """What stands on every page that a demo pack answered for."""
    return msg("DEMO")


def demo_sentence() -> Message:
    """Why such a page says nothing."""
    return msg("This model pack was trained on simulated phantoms; it says nothing of a patient.")
