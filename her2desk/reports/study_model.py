"""The model itself in a study's report: choices, features, coefficients, associations, size."""

from collections.abc import Mapping

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
from her2desk.reports.study import BranchChoice, CombinedModel, SelectedFeature, Study
from her2desk.reports.study_words import (
    MINUS,
    bounds,
    branch_name,
    family_name,
    input_name,
    number,
    p_text,
    with_bounds,
)
from her2desk.stats.association import AssociationRow, OddsRatio
from her2desk.stats.proportions import Z_95
from her2desk.texts import Message, msg

KEPT_FROM = 0.75  # V21: of an ICC's lower bound
MOST_FEATURES = 60


def selection_tables(study: Study) -> tuple[Block, ...]:
    """How many features each step kept, and how often the kept ones were chosen elsewhere."""
    agreed = readers_sentence(study)
    blocks: list[Block] = [] if agreed is None else [Paragraph(agreed)]
    if study.selection:
        blocks.append(
            Table(
                (msg("Features kept"),),
                tuple(TableRow(step.name, cells(str(step.kept))) for step in study.selection),
                msg("Step, on the whole training side"),
            )
        )
    ordered = sorted(
        study.features, key=lambda f: (-(f.chosen_in_folds / f.folds if f.folds else 0), f.name)
    )
    if ordered:
        left_out = len(ordered) - MOST_FEATURES
        blocks.append(
            Table(
                (msg("Chosen in outer folds"),),
                tuple(TableRow(plain(f.name), cells(_chosen(f))) for f in ordered[:MOST_FEATURES]),
                msg("Feature of the deployed model"),
                notes=(
                    msg(
                        "A feature that few folds chose carries little by itself; another one could "
                        "stand in its place."
                    ),
                    *(
                        (msg("Not listed here, but in the pack: {n}.", n=left_out),)
                        if left_out > 0
                        else ()
                    ),
                ),
            )
        )
    return tuple(blocks)


def readers_sentence(study: Study) -> Message | None:
    """What a second reader's outlines kept from the selection; None where there were none (V21)."""
    found = study.readers
    if found is None:
        return None
    return msg(
        "{left_out} of {features} features were not offered to the selection: over {patients} training "
        "patients outlined by two readers, the lower bound of their ICC(A,1) is below {limit} "
        "(McGraw & Wong 1996). Each fold worked this out anew, from its own training patients only.",
        left_out=found.left_out,
        features=found.features,
        patients=found.patients,
        limit=KEPT_FROM,
    )


def _chosen(feature: SelectedFeature) -> Message:
    if not feature.folds:
        return EMPTY
    return msg("{chosen} of {folds}", chosen=feature.chosen_in_folds, folds=feature.folds)


def choices_table(study: Study) -> tuple[Block, ...]:
    """What each branch became, and the inner cross-validated AUC of every try."""
    if not study.choices:
        return ()
    return (
        Table(
            (msg("Chosen"), msg("Settings"), msg("Inner cross-validated AUC of each try")),
            tuple(_choice(choice) for choice in study.choices),
            msg("Branch"),
            notes=(
                msg(
                    "Made inside each outer fold for the cross-validated figures, and once more on "
                    "the whole training side for the deployed model, which is shown."
                ),
            ),
        ),
    )


def _choice(choice: BranchChoice) -> TableRow:
    tries = sorted(choice.tries.items(), key=lambda item: (-item[1], item[0]))
    return TableRow(
        branch_name(choice.branch),
        cells(
            family_name(choice.family),
            _pairs(choice.settings),
            "; ".join(f"{name} {number(value)}" for name, value in tries) or "–",
        ),
    )


def _pairs(settings: Mapping[str, float]) -> str:
    return "; ".join(f"{name} {value:g}" for name, value in sorted(settings.items())) or "–"


def coefficient_tables(study: Study) -> tuple[Block, ...]:
    """Each logistic model in full: enough to work out a probability by hand."""
    return tuple(_coefficients(model) for model in study.nomograms)


def _coefficients(model: CombinedModel) -> Table:
    rows = [
        TableRow(msg("Intercept"), (Cell(plain(number(model.intercept, 4))), *cells("–", "–", "–")))
    ]
    rows += [
        TableRow(
            input_name(t.name),
            cells(
                number(t.coefficient, 4),
                number(t.standard_error, 4),
                bounds(
                    t.coefficient - Z_95 * t.standard_error,
                    t.coefficient + Z_95 * t.standard_error,
                    2,
                ),
                msg("{lower} to {upper}", lower=_short(t.lower), upper=_short(t.upper)),
            ),
        )
        for t in model.terms
    ]
    return Table(
        (
            msg("Coefficient"),
            msg("Standard error"),
            msg("95 % interval"),
            msg("Training limits"),
        ),
        tuple(rows),
        msg("Term"),
        msg("Model “{name}”, {method}", name=model.name, method=model.method),
        (
            msg(
                "log-odds = intercept + Σ coefficient × value, at the training prevalence. "
                "Signatures enter as out-of-fold log-odds."
            ),
        ),
    )


def _short(value: float) -> str:
    return f"{value:.4g}".replace("-", MINUS)


def association_table(study: Study) -> tuple[Block, ...]:
    """Odds ratios of the clinical inputs with 95 % intervals, and how many tests that makes."""
    association = study.association
    if association is None or not association.rows:
        return ()
    return (
        Table(
            (
                msg("Patients (not known)"),
                msg("Univariable odds ratio"),
                msg("p"),
                msg("Multivariable odds ratio"),
                msg("p"),
            ),
            tuple(_association(row) for row in association.rows),
            msg("Clinical input"),
            notes=(
                msg(
                    "Odds ratios per unit of the input: one year, one per cent, yes against no. "
                    "95 % intervals; every model has an intercept."
                ),
                association.tests_sentence(),
                association.stepwise_sentence(),
            ),
        ),
    )


def _association(row: AssociationRow) -> TableRow:
    return TableRow(
        input_name(row.name),
        (
            Cell(msg("{n} ({missing})", n=row.n, missing=row.missing)),
            *_odds(row.univariable),
            *(cells(EMPTY, EMPTY) if row.multivariable is None else _odds(row.multivariable)),
        ),
    )


def _odds(ratio: OddsRatio) -> tuple[Cell, Cell]:
    if not ratio.is_estimable:
        return Cell(msg("not estimable")), Cell(EMPTY)
    return (
        Cell(
            plain(with_bounds(ratio.value, ratio.lower, ratio.upper, 2)),
            msg("Firth, profile likelihood") if ratio.method == "Firth" else None,
        ),
        Cell(plain(p_text(ratio.p))),
    )


def sample_size_words(study: Study) -> tuple[Block, ...]:
    """What the cohort's size allows (Riley et al. 2020)."""
    if study.sample_size is None:
        return ()
    return (Paragraph(study.sample_size.sentence()),)


def robustness_words(study: Study) -> tuple[Block, ...]:
    """How many features stand a jitter of the outline."""
    if not study.robustness:
        return ()
    kept = sum(row.lower >= KEPT_FROM for row in study.robustness)
    return (
        Paragraph(
            msg(
                "Under jitter of the outline {kept} of {n} features have an ICC(A,1) whose 95 % "
                "interval does not reach below 0.75 (McGraw & Wong 1996).",
                kept=kept,
                n=len(study.robustness),
            )
        ),
    )


def summary_of_choices(study: Study) -> Message | None:
    """The families in one line, for the TRIPOD draft."""
    if not study.choices:
        return None
    said = "; ".join(
        f"{branch_name(c.branch).text()}: {family_name(c.family).text()}" for c in study.choices
    )
    return plain(said)
