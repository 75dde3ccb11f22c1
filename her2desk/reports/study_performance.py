"""Discrimination in a study's report: AUCs side by side, what they hide, and tests between branches."""

from collections.abc import Mapping
from itertools import combinations

from her2desk.domain.prediction import BRANCHES
from her2desk.errors import InputRefused
from her2desk.reports.document import (
    EMPTY,
    Block,
    Cell,
    Paragraph,
    Table,
    TableRow,
    cells,
    plain,
)
from her2desk.reports.picture_parts import JUDGED, branches_of
from her2desk.reports.study import AucFigure, Evidence, Study
from her2desk.reports.study_words import (
    COMBINED,
    UNSEEN,
    auc_text,
    branch_name,
    evidence_name,
    evidence_patients,
    main_evidence,
    method_name,
    number,
    p_text,
    said,
    signed,
)
from her2desk.stats.auc import delong_test
from her2desk.texts import Message, msg

ACQUISITION = "acquisition"
CHANCE = 0.5


def performance_table(study: Study) -> tuple[Block, ...]:
    """AUCs of every branch, all kinds of evidence side by side, and what the images' making tells."""
    kinds = [e for e in Evidence if any(e in f for f in study.figures.values())]
    if not kinds:
        return ()
    has_optimism = Evidence.APPARENT in kinds and Evidence.CROSS_VALIDATED in kinds
    headings = [evidence_name(e) for e in kinds]
    if has_optimism:
        headings.append(msg("Optimism"))
    ordered = [b for b in BRANCHES if b in study.figures]
    ordered += sorted(set(study.figures) - set(ordered))
    rows = [
        TableRow(
            branch_name(branch),
            _auc_cells(study.figures[branch], kinds, has_optimism=has_optimism),
            "strong" if branch == COMBINED else "plain",
        )
        for branch in ordered
    ]
    if study.acquisition:
        rows.append(
            TableRow(
                branch_name(ACQUISITION),
                _auc_cells(study.acquisition, kinds, has_optimism=has_optimism),
                "apart",
            )
        )
    table = Table(
        tuple(headings),
        tuple(rows),
        msg("Branch"),
        msg("AUC with 95 % interval"),
        (*(_evidence_note(study, e) for e in kinds), *_optimism_note(has_optimism)),
    )
    return (table, *_acquisition_words(study))


def _auc_cells(
    figures: Mapping[Evidence, AucFigure], kinds: list[Evidence], *, has_optimism: bool
) -> tuple[Cell, ...]:
    row = [_auc_cell(figures.get(e)) for e in kinds]
    if has_optimism:
        apparent, unseen = (figures.get(e) for e in (Evidence.APPARENT, Evidence.CROSS_VALIDATED))
        if apparent is None or unseen is None:
            row.append(Cell(EMPTY))
        else:
            row.append(Cell(plain(signed(apparent.value - unseen.value))))
    return tuple(row)


def _auc_cell(figure: AucFigure | None) -> Cell:
    if figure is None:
        return Cell(EMPTY)
    return Cell(plain(auc_text(figure)), method_name(figure.method))


def _evidence_note(study: Study, evidence: Evidence) -> Message:
    what = {
        Evidence.APPARENT: msg("on the patients that the models were fitted on: optimistic"),
        Evidence.CROSS_VALIDATED: msg(
            "mean of within-fold AUCs, every step refitted inside each outer fold; the interval is "
            "approximate"
        ),
        Evidence.HELD_OUT: msg("patients set aside before anything was fitted"),
        Evidence.EXTERNAL: msg("another cohort; the pack was locked and nothing was refitted"),
    }[evidence]
    table = study.tables.get(evidence)
    if table is None:
        return msg("{evidence}: {what}.", evidence=said(evidence_name(evidence)), what=said(what))
    return msg(
        "{evidence}: {what}; {n} patients, {positive} HER-2 positive.",
        evidence=said(evidence_name(evidence)),
        what=said(what),
        n=len(table.patients),
        positive=sum(table.positive),
    )


def _optimism_note(has_optimism: bool) -> tuple[Message, ...]:
    if not has_optimism:
        return ()
    return (msg("Optimism: apparent minus cross-validated AUC."),)


def _acquisition_words(study: Study) -> tuple[Paragraph, ...]:
    """What a model of the images' making alone means for the others (V4)."""
    known = [e for e in JUDGED if e in study.acquisition]
    if not known:
        return ()
    figure = study.acquisition[known[0]]
    words = {"figure": auc_text(figure), "evidence": said(evidence_name(known[0]))}
    if figure.lower > CHANCE:
        return (
            Paragraph(
                msg(
                    "How the images were made separates the classes: a model of scanner, site, "
                    "spacing, crop size and burned-in marks alone has an AUC of {figure} "
                    "({evidence}). A part of every other figure may come from there. The crop "
                    "follows the outline, so a part of it may be the lesion's size.",
                    **words,
                ),
                is_warning=True,
            ),
        )
    return (
        Paragraph(
            msg(
                "A model of scanner, site, spacing, crop size and burned-in marks alone has an AUC of "
                "{figure} ({evidence}); its interval reaches 0.5, so no such shortcut was seen. A "
                "small one cannot be ruled out.",
                **words,
            )
        ),
    )


def comparisons(study: Study) -> tuple[Block, ...]:
    """Paired DeLong tests of all branches in patients that no fold pooled (V13)."""
    table = next((study.tables[e] for e in UNSEEN if e in study.tables), None)
    if table is not None:
        table = table.where_known(*branches_of(table))
    if table is None or len(set(table.positive)) < 2:
        return (
            Paragraph(
                msg(
                    "The branches are not compared by a test: there are no unseen patients that "
                    "one model answered, and scores of different folds cannot be ranked together."
                )
            ),
        )
    pairs = list(combinations(branches_of(table), 2))
    try:
        tests = [
            delong_test(table.positive, table.probabilities[a], table.probabilities[b])
            for a, b in pairs
        ]
    except InputRefused as refusal:
        return (Paragraph(refusal.message),)
    if not pairs:
        return ()
    rows = tuple(
        TableRow(
            msg("{a} − {b}", a=said(branch_name(a)), b=said(branch_name(b))),
            cells(
                number(test.auc_a), number(test.auc_b), signed(test.auc_a - test.auc_b),
                number(test.z, 2), p_text(test.p),
            ),
        )
        for (a, b), test in zip(pairs, tests, strict=True)
    )  # fmt: skip
    return (
        Table(
            (msg("first AUC"), msg("second AUC"), msg("difference"), msg("z"), msg("p")),
            rows,
            msg("Branches"),
            msg(
                "DeLong test for each pair of branches, {patients}",
                patients=said(evidence_patients(table.evidence, len(table.patients))),
            ),
            (
                msg(
                    "Tests: {n}, two-sided, p not adjusted. A large p does not show that two "
                    "branches are alike.",
                    n=len(pairs),
                ),
            ),
        ),
    )


def headline_sentence(study: Study) -> Message | None:
    """The combined model's figure in the strongest evidence there is."""
    evidence = main_evidence(study)
    if evidence is None:
        return None
    figure, table = study.figures[COMBINED][evidence], study.tables.get(evidence)
    words = {"figure": auc_text(figure), "evidence": said(evidence_name(evidence))}
    if table is None:
        return msg("Combined model, {evidence}: AUC {figure}.", **words)
    return msg(
        "Combined model: AUC {figure} in {patients}, {positive} of them HER-2 positive.",
        figure=auc_text(figure),
        patients=said(evidence_patients(evidence, len(table.patients))),
        positive=sum(table.positive),
    )
