"""Who was studied and how the run was made: populations, ledger, fallbacks, settings, versions."""

from collections import Counter
from collections.abc import Mapping

from her2desk.reports.document import (
    EMPTY,
    Block,
    Cell,
    Listing,
    Paragraph,
    Table,
    TableRow,
    cells,
    plain,
)
from her2desk.reports.study import Population, Study
from her2desk.reports.study_words import said, share_text
from her2desk.texts import Message, msg

MOST_EXCLUDED = 40


def population_table(study: Study) -> tuple[Block, ...]:
    """Who was in each set, by class."""
    populations = study.populations
    if not populations:
        return ()
    headings: list[Message] = []
    for p in populations:
        headings.append(msg("{name}: HER-2 positive", name=said(p.name)))
        headings.append(msg("{name}: HER-2 negative", name=said(p.name)))
    rows = [
        TableRow(
            msg("Patients"),
            tuple(
                c for p in populations for c in cells(str(p.positive), str(p.patients - p.positive))
            ),
            "strong",
        )
    ]
    for label in _labels(populations):
        row: list[Cell] = []
        for p in populations:
            found = {name.text(): (yes, no) for name, yes, no in p.summaries}
            row.extend(cells(*found.get(label.text(), ("–", "–"))))
        rows.append(TableRow(label, tuple(row)))
    shares = tuple(
        msg(
            "{name}: {share} HER-2 positive.",
            name=said(p.name),
            share=said(share_text(p.positive, p.patients)),
        )
        for p in populations
    )
    return (Table(tuple(headings), tuple(rows), notes=shares),)


def _labels(populations: tuple[Population, ...]) -> tuple[Message, ...]:
    """The labels of all populations in the order of the first that has them."""
    labels = {name.text(): name for p in populations for name, _, _ in p.summaries}
    return tuple(labels.values())


def ledger_words(study: Study) -> tuple[Block, ...]:
    """V5: how often this cohort was built on and its held-out patients were looked at."""
    ledger = study.ledger
    if ledger is None:
        return ()
    words = msg(
        "Held-out opened {opened} times, {builds} builds on this cohort.",
        opened=ledger.held_out_opened,
        builds=ledger.builds,
    )
    if ledger.held_out_opened <= 1:
        return (Paragraph(words),)
    return (
        Paragraph(words),
        Paragraph(
            msg(
                "The held-out patients were looked at before: their figures are no longer those of "
                "an untouched set."
            ),
            is_warning=True,
        ),
    )


def exclusions(study: Study) -> tuple[Block, ...]:
    """Who was left out and why."""
    if not study.excluded:
        return ()
    reasons = Counter(reason.text() for _, reason in study.excluded)
    summary = Table(
        (msg("Patients"),),
        tuple(
            TableRow(plain(reason), cells(str(count)))
            for reason, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
        ),
        msg("Reason"),
    )
    named = Table(
        (msg("Reason"),),
        tuple(
            TableRow(plain(patient), cells(reason))
            for patient, reason in study.excluded[:MOST_EXCLUDED]
        ),
        msg("Patient"),
        notes=_more(len(study.excluded) - MOST_EXCLUDED),
    )
    return (summary, named)


def _more(count: int) -> tuple[Message, ...]:
    return (msg("Left out too, not listed here: {n}.", n=count),) if count > 0 else ()


def fallbacks(study: Study) -> tuple[Block, ...]:
    """What had to give way during the build."""
    return (Listing(study.fallbacks),) if study.fallbacks else ()


def identity_rows(study: Study) -> tuple[TableRow, ...]:
    """The pack, its purpose and its moment, for the head of the report."""
    rows = (
        (msg("Model pack"), f"{study.pack_name} {study.pack_version}"),
        (msg("Pack SHA-256"), study.pack_digest),
        (msg("Cohort"), study.cohort_description),
        (msg("Cohort SHA-256"), study.cohort_sha256),
    )
    return tuple(TableRow(label, cells(text)) for label, text in rows if text)


def settings_tables(study: Study) -> tuple[Block, ...]:
    """Everything needed to run it again."""
    blocks: list[Block] = [
        _named(study.settings, msg("Setting"), {"seed": str(study.seed), **study.settings}),
    ]
    if study.versions:
        blocks.append(_named(study.versions, msg("Program"), study.versions))
    return tuple(blocks)


def _named(_: Mapping[str, str], corner: Message, values: Mapping[str, str]) -> Table:
    return Table(
        (msg("Value"),),
        tuple(TableRow(plain(name), cells(values[name] or EMPTY)) for name in sorted(values)),
        corner,
    )
