"""What the report of a study says, before it has a form: its head, then sections in order."""

from collections.abc import Callable
from dataclasses import dataclass

from her2desk.domain.research_use import RESEARCH_USE
from her2desk.reports.document import Block, Section, StudyPicture, TableRow
from her2desk.reports.study import Study
from her2desk.reports.study_groups import site_table, subgroup_table
from her2desk.reports.study_model import (
    association_table,
    choices_table,
    coefficient_tables,
    robustness_words,
    sample_size_words,
    selection_tables,
)
from her2desk.reports.study_performance import comparisons, headline_sentence, performance_table
from her2desk.reports.study_pictures import study_pictures
from her2desk.reports.study_probabilities import (
    calibration_table,
    check_confusions,
    operating_points,
)
from her2desk.reports.study_record import (
    exclusions,
    fallbacks,
    identity_rows,
    ledger_words,
    population_table,
    settings_tables,
)
from her2desk.reports.study_words import moment_words
from her2desk.texts import Message, msg


@dataclass(frozen=True)
class StudyContent:
    """All that the report says. ``result`` is the one figure that stands first, or None."""

    kind: Message
    title: str
    is_demo: bool
    result: Message | None
    purpose: tuple[tuple[Message, Message], ...]
    identity: tuple[TableRow, ...]
    sections: tuple[Section, ...]
    research_use: Message


@dataclass(frozen=True)
class _Plan:
    """A section: what it says, and which pictures stand in it, by the start of their names."""

    name: str
    title: Message
    words: Callable[[Study], tuple[Block, ...]]
    pictures: tuple[str, ...] = ()


def build_study_content(study: Study) -> StudyContent:
    """The report of a build or of an external validation.

    Raises ``ValueError`` where a confusion table does not add up to its scored patients.
    """
    check_confusions(study)
    pictures = study_pictures(study)
    sections = (_section(plan, study, pictures) for plan in _plans())
    return StudyContent(
        kind=_kind(study),
        title=study.title,
        is_demo=study.demo,
        result=headline_sentence(study),
        purpose=_purpose(study),
        identity=identity_rows(study),
        sections=tuple(section for section in sections if section.blocks),
        research_use=RESEARCH_USE,
    )


def _section(plan: _Plan, study: Study, pictures: tuple[StudyPicture, ...]) -> Section:
    own = tuple(p for p in pictures if any(p.name.startswith(start) for start in plan.pictures))
    return Section(plan.name, plan.title, (*plan.words(study), *own))


def _kind(study: Study) -> Message:
    if study.is_external:
        return msg("External validation of a locked model pack")
    return msg("Building and internal validation of a model pack")


def _purpose(study: Study) -> tuple[tuple[Message, Message], ...]:
    rows = (
        (msg("Intended use"), msg("{text}", text=study.intended_use)),
        (msg("Moment of prediction"), moment_words(study.moment_of_prediction)),
        (msg("Decision"), msg("{text}", text=study.decision)),
    )
    return tuple((label, words) for label, words in rows if words.text())


def _plans() -> tuple[_Plan, ...]:
    return (
        _Plan("performance", msg("Discrimination"), performance_table, ("optimism",)),
        _Plan("ledger", msg("How often the held-out patients were seen"), ledger_words),
        _Plan("population", msg("Patients"), population_table),
        _Plan("roc", msg("ROC curves"), _nothing, ("roc-",)),
        _Plan("calibration", msg("Calibration"), calibration_table, ("calibration-",)),
        _Plan("benefit", msg("Net benefit"), _nothing, ("decision-curve-",)),
        _Plan("calls", msg("Operating points"), operating_points, ("histogram-", "confusion-")),
        _Plan("comparisons", msg("Comparison of the branches"), comparisons),
        _Plan("subgroups", msg("Subgroups"), subgroup_table, ("subgroups",)),
        _Plan("sites", msg("Sites"), site_table, ("sites",)),
        _Plan("features", msg("Features and their selection"), selection_tables, ("selection",)),
        _Plan("robustness", msg("Robustness to the outline"), robustness_words, ("robustness",)),
        _Plan("choices", msg("What each branch became"), choices_table),
        _Plan("models", msg("Combined models"), coefficient_tables, ("nomogram-",)),
        _Plan("association", msg("Clinical inputs and HER-2"), association_table, ("association",)),
        _Plan("size", msg("Sample size"), sample_size_words),
        _Plan("fallbacks", msg("What had to give way"), fallbacks),
        _Plan("excluded", msg("Patients left out"), exclusions),
        _Plan("settings", msg("Settings and versions"), settings_tables),
    )


def _nothing(_: Study) -> tuple[Block, ...]:
    return ()
