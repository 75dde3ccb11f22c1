"""What the program knows of the results and the discussion that TRIPOD+AI asks for."""

from her2desk.reports.study import Evidence, ScoredCohort, Study
from her2desk.reports.study_words import (
    COMBINED,
    UNSEEN,
    auc_text,
    branch_name,
    evidence_name,
    number,
    said,
)
from her2desk.reports.subgroups import subgroups
from her2desk.reports.tripod_answers import Answer, calls, partition, to_write
from her2desk.texts import Message, msg


def results(study: Study) -> dict[str, Answer]:
    """Items 20 to 24."""
    specification = (
        msg("Model pack {name} {version}, SHA-256 {digest}; the report gives every coefficient of "
            "the combined models.",
            name=study.pack_name, version=study.pack_version, digest=study.pack_digest),
    )  # fmt: skip
    return {
        "20a": to_write(
            msg("the flow before the cohort table, from the first patient seen."),
            *_abstract_counts(study),
        ),
        "20b": to_write(
            msg("characteristics that the cohort table does not hold, such as dates."),
            *((msg("The report's table “Patients” gives each set by HER-2 status."),)
              if study.populations else ()),
        ),
        "20c": to_write(
            msg("the development cohort beside this one.") if study.is_external
            else msg("a comparison, where the evaluation used other patients."),
            *((msg("The report's table “Patients” has the sets side by side."),)
              if len(study.populations) > 1 else ()),
        ),
        "21": Answer(partition(study) or (msg("No scored patients are part of this study."),)),
        "22": to_write(msg("any limits on access or use of the model pack."), *specification),
        "23a": to_write(
            msg("performance in subgroups that the cohort table does not hold."),
            *_performance(study),
        ),
        "23b": _site_results(study),
        "24": Answer((msg("The model was not updated."),)),
    }  # fmt: skip


def _abstract_counts(study: Study) -> tuple[Message, ...]:
    return (
        msg("Left out: {n}; the report says why.", n=len(study.excluded)),
        *partition(study),
    )


def _performance(study: Study) -> tuple[Message, ...]:
    figures = study.figures.get(COMBINED, {})
    aucs = tuple(
        msg(
            "{branch}, {evidence}: AUC {figure}.",
            branch=said(branch_name(COMBINED)),
            evidence=said(evidence_name(evidence)),
            figure=auc_text(figures[evidence]),
        )
        for evidence in Evidence
        if evidence in figures
    )
    return (
        *aucs,
        *calls(study),
        *_subgroup_sentence(study),
    )


def _subgroup_sentence(study: Study) -> tuple[Message, ...]:
    found = subgroups(study)
    if found is None:
        return ()
    counted = sum(row.figure is None for row in found.rows)
    return (
        msg(
            "Subgroups: {n}, of which as counts only, being too small or not ranked: {counted}.",
            n=len(found.rows),
            counted=counted,
        ),
    )


def _site_results(study: Study) -> Answer:
    pooling = study.sites
    if pooling is None or pooling.value is None:
        return to_write(msg("heterogeneity across clusters, or that it was not examined."))
    summary = msg(
        "AUC within sites, random-effects summary: {value} ({lower}–{upper}).",
        value=number(pooling.value),
        lower=number(pooling.lower or 0.0),
        upper=number(pooling.upper or 0.0),
    )
    if pooling.prediction_lower is None or pooling.prediction_upper is None:
        return Answer((summary,))
    expected = msg(
        "Expected at another site: {lower}–{upper} (95 % prediction interval).",
        lower=number(pooling.prediction_lower),
        upper=number(pooling.prediction_upper),
    )
    return Answer((summary, expected))


def discussion(study: Study) -> dict[str, Answer]:
    """Items 25 to 27."""
    return {
        "25": to_write(msg("the interpretation, with fairness and earlier studies.")),
        "26": to_write(msg("limitations and their effects."), *_limitations(study)),
        "27a": to_write(
            msg("what staff do when an image or an input is poor."),
            msg("The program accepts “not known” for every clinical input and says what that "
                "changes; an image that the pack was not built for is marked, or refused."),
        ),
        "27b": to_write(
            msg("the expertise expected of users."),
            msg("A reader outlines the lesion, enters what is known and reads the estimate."),
        ),
        "27c": to_write(msg("next steps, above all where the model must be tested before use.")),
    }  # fmt: skip


def _limitations(study: Study) -> tuple[Message, ...]:
    """Those that the numbers themselves show."""
    lines: list[Message] = []
    if study.demo:
        lines.append(msg("Simulated phantoms: nothing here can be said of patients."))
    if not any(e in study.tables for e in UNSEEN):
        lines.append(msg("No held-out or external patients."))
    elif not study.is_external:
        lines.append(msg("No external patients: another scanner or hospital was not tested."))
    if study.sample_size is not None and not study.sample_size.is_enough:
        lines.append(study.sample_size.sentence())
    if study.ledger is not None and study.ledger.held_out_opened > 1:
        lines.append(msg("The held-out patients were looked at more than once."))
    lines += [_smallness(t) for t in study.tables.values() if t.evidence in UNSEEN]
    return tuple(lines)


def _smallness(table: ScoredCohort) -> Message:
    return msg(
        "{evidence} figures rest on {events} HER-2 positive patients.",
        evidence=said(evidence_name(table.evidence)),
        events=sum(table.positive),
    )
