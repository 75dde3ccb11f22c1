"""The report of a study: what it says, that it adds up, that it is safe, that it repeats."""

import base64
import errno
import html
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from her2desk.errors import InputRefused
from her2desk.reports import study_files
from her2desk.reports.document import (
    Block,
    Listing,
    Paragraph,
    StudyPicture,
    Table,
    TableRow,
    cells,
)
from her2desk.reports.study import (
    AucFigure,
    CombinedModel,
    Evidence,
    Ledger,
    LogisticTerm,
    Population,
    ReaderAgreement,
    SelectedFeature,
    Study,
)
from her2desk.reports.study_content import build_study_content
from her2desk.reports.study_files import write_study
from her2desk.reports.study_html import render_study
from her2desk.reports.study_pictures import study_pictures
from her2desk.reports.study_words import number, p_text, signed, with_bounds
from her2desk.reports.tripod import tripod_draft
from her2desk.reports.tripod_items import ITEMS
from her2desk.stats.auc import auc, delong_test
from her2desk.stats.calibration import calibration
from her2desk.stats.hosmer_lemeshow import hosmer_lemeshow
from her2desk.stats.meta_analysis import pool_sites
from her2desk.texts import CATALOGUE, Message, msg

from .study_cases import (
    a_minimal_study,
    a_study,
    an_external_study,
    by_branch,
    labels,
    points,
    table,
)

HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}{% raw %}$\\frac{\x00-->"
STUDIES: dict[str, Callable[[], Study]] = {
    "full": a_study,
    "external": an_external_study,
    "minimal": a_minimal_study,
}


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {name: render_study(make()) for name, make in STUDIES.items()}


def words(text: str) -> str:
    """The page's visible text, each run of white space as one blank."""
    without_style = re.sub(r"<style>.*?</style>", " ", text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", without_style)))


class Elements(HTMLParser):
    """Every element and attribute of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def tables(study: Study) -> list[Table]:
    content = build_study_content(study)
    return [b for section in content.sections for b in section.blocks if isinstance(b, Table)]


def section(study: Study, name: str) -> str:
    """What a section says, without drawing its pictures; empty where there is no such section."""
    found = [s for s in build_study_content(study).sections if s.name == name]
    return " ".join(line for s in found for block in s.blocks for line in lines(block))


def lines(block: Block) -> Iterator[str]:
    if isinstance(block, Paragraph):
        yield block.text.text()
    elif isinstance(block, Listing):
        yield from (line.text() for line in block.lines)
    elif isinstance(block, StudyPicture):
        yield block.caption.text()
    else:
        yield from (m.text() for m in (block.corner, *block.headings, *block.notes))
        for row in block.rows:
            yield " ".join([row.label.text(), *(cell.text.text() for cell in row.cells)])


def everything(study: Study) -> str:
    content = build_study_content(study)
    said = [section(study, s.name) for s in content.sections]
    return " ".join([content.result.text() if content.result else "", *said])


def picture_text(study: Study, name: str) -> str:
    """What an SVG says: matplotlib writes each text beside its outlines."""
    picture = next(p for p in study_pictures(study) if p.name == name)
    return picture.draw("svg").decode()


def test_the_head_says_what_it_is_of_and_for_what(pages: dict[str, str]) -> None:
    said = words(pages["full"])
    for sentence in (
        "Building and internal validation of a model pack",
        "DEMO",
        "in 60 held-out patients, 18 of them HER-2 positive",
        "After biopsy: ER, PR and Ki-67 are known too",
        "which patients with IHC 2+ await FISH most urgently",
        "Research use: an adjunct to, never a replacement for, IHC and FISH.",
        "b" * 64,
        "Held-out opened 2 times, 3 builds on this cohort.",
        "no longer those of an untouched set",
        "LASSO kept no feature in fold 3; ridge was used.",
        "P-017",
        "IHC 2+ without FISH",
        "her2desk 1.2.3",
        "outer folds 5",
        "(Riley et al. 2020)",
        "univariable tests, not adjusted",
    ):
        assert sentence in said


def test_the_main_table_has_every_auc_with_interval_and_method(pages: dict[str, str]) -> None:
    said = words(pages["full"])
    study = a_study()
    for figures in [*study.figures.values(), study.acquisition]:
        for figure in figures.values():
            assert with_bounds(figure.value, figure.lower, figure.upper) in said
    assert "Nadeau–Bengio, approximate" in said
    assert "logit DeLong" in said
    dlr = study.figures["dlr"]
    optimism = dlr[Evidence.APPARENT].value - dlr[Evidence.CROSS_VALIDATED].value
    assert signed(optimism) in said


def test_held_out_figures_are_those_of_the_statistics(pages: dict[str, str]) -> None:
    held_out = a_study().tables[Evidence.HELD_OUT]
    scores = held_out.probabilities["combined"]
    a = auc(held_out.positive, scores)
    assert with_bounds(a.value, a.lower, a.upper) in words(pages["full"])
    c = calibration(held_out.positive, scores)
    assert c.slope is not None
    assert with_bounds(c.slope.value, c.slope.lower, c.slope.upper, 2) in words(pages["full"])
    test = delong_test(held_out.positive, held_out.probabilities["clinical"], scores)
    row = f"Clinical − Combined {number(test.auc_a)} {number(test.auc_b)}"
    assert row in words(pages["full"])
    assert p_text(test.p) in section(a_study(), "comparisons")


def test_pictures_say_the_numbers_of_the_tables() -> None:
    study = a_study()
    for evidence in (Evidence.HELD_OUT, Evidence.CROSS_VALIDATED):
        text = picture_text(study, f"roc-{evidence}")
        for branch in study.figures:
            f = study.figures[branch][evidence]
            assert with_bounds(f.value, f.lower, f.upper) in text
    text = picture_text(study, "confusion-held_out")
    for point in study.operating_points:
        if point.evidence is Evidence.HELD_OUT:
            assert f"<!-- {point.confusion.tp} -->" in text
            assert f"<!-- {point.confusion.fn} -->" in text


def test_a_pooled_out_of_fold_auc_is_nowhere(pages: dict[str, str]) -> None:
    study = a_minimal_study()
    crossed = study.tables[Evidence.CROSS_VALIDATED]
    for branch, scores in crossed.probabilities.items():
        pooled = auc(crossed.positive, scores)
        figure = study.figures[branch][Evidence.CROSS_VALIDATED]
        assert with_bounds(pooled.value, pooled.lower, pooled.upper) not in pages["minimal"]
        assert with_bounds(figure.value, figure.lower, figure.upper) in pages["minimal"]
    assert "cannot be ranked together" in section(study, "comparisons")


@pytest.mark.parametrize("name", STUDIES)
def test_every_confusion_adds_up_to_its_patients(name: str) -> None:
    study = STUDIES[name]()
    calls = [t for t in tables(study) if t.caption and t.caption.text().startswith("Calls")]
    assert calls
    for shown in calls:
        for row in shown.rows:
            *counts, patients = (int(cell.text.text()) for cell in row.cells)
            assert sum(counts) == patients
            assert patients in {len(t.patients) for t in study.tables.values()}


def test_a_confusion_of_other_patients_is_refused() -> None:
    study = a_minimal_study()
    wrong = replace(study.operating_points[0].confusion, tp=99)
    broken = replace(study.operating_points[0], confusion=wrong)
    with pytest.raises(ValueError, match="does not add up"):
        render_study(replace(study, operating_points=(broken,)))


def test_an_operating_point_without_its_table_is_still_said() -> None:
    point = replace(a_minimal_study().operating_points[0], evidence=Evidence.HELD_OUT)
    assert "observed" in section(a_minimal_study(operating_points=(point,)), "calls")


def test_a_threshold_set_by_hand_is_called_optimistic() -> None:
    point = replace(a_minimal_study().operating_points[0], name="0.4")
    assert "chosen after looking; optimistic" in section(
        a_minimal_study(operating_points=(point,)), "calls"
    )


def test_small_subgroups_show_counts_only() -> None:
    rows = re.findall(
        r"(\d+) of (\d+) (counts only: below (?:20 patients|5 of a class)|0\.\d+ \()",
        section(a_study(), "subgroups"),
    )
    assert len(rows) == 8
    for positive, patients, said in rows:
        is_small = int(patients) < 20 or min(int(positive), int(patients) - int(positive)) < 5
        assert said.startswith("counts only") is is_small


def test_subgroups_of_folds_are_counted_and_not_ranked() -> None:
    crossed = table(Evidence.CROSS_VALIDATED, labels(140, 43, 1), 12, folds=True)
    study = a_minimal_study(
        tables={crossed.evidence: crossed}, operating_points=points(crossed, crossed)
    )
    said = section(study, "subgroups")
    assert "counts only: scores of different folds" in said
    assert "0." not in said
    assert "subgroups" not in [p.name for p in study_pictures(study)]


@pytest.mark.parametrize("name", STUDIES)
def test_nothing_is_said_to_be_a_hundred_per_cent(name: str, pages: dict[str, str]) -> None:
    study = STUDIES[name]()
    perfect = replace(study.operating_points[0])
    n, positive = perfect.confusion.cohort_size, perfect.confusion.tp + perfect.confusion.fn
    no_error = replace(perfect.confusion, tp=positive, fn=0, tn=n - positive, fp=0)
    without_error = replace(study, operating_points=(replace(perfect, confusion=no_error),))
    for said in (words(pages[name]), everything(without_error)):
        assert not re.findall(r"(?<![–\d])100 %", said)


@pytest.mark.parametrize("name", STUDIES)
@pytest.mark.parametrize("is_draft", [False, True], ids=["report", "tripod"])
def test_a_page_fetches_nothing_and_runs_nothing(
    name: str, is_draft: bool, pages: dict[str, str]
) -> None:
    text = tripod_draft(STUDIES[name]()) if is_draft else pages[name]
    elements = Elements(text).found
    assert not [tag for tag, _ in elements if tag in ("script", "link", "iframe", "object")]
    assert all(str(a["href"]).startswith("#") for tag, a in elements if tag == "a")
    sources = [str(a["src"]) for _, a in elements if "src" in a]
    assert all(s.startswith("data:image/svg+xml;base64,") for s in sources)
    assert not [a for _, a in elements if any(key.startswith("on") for key in a)]
    for fetch in ("http://", "https://", "url(", "@import"):
        assert fetch not in text
    assert all(a.get("alt") for tag, a in elements if tag == "img")
    for source in sources:
        picture = base64.b64decode(source.split(",", 1)[1]).decode()
        assert "<script" not in picture
        assert not re.findall(r'href="(?!#)', picture)


def hostile_study() -> Study:
    study = a_study()
    held_out = study.tables[Evidence.HELD_OUT]
    groups = {HOSTILE: tuple(HOSTILE for _ in held_out.patients)}
    term = LogisticTerm(HOSTILE, 1.0, 0.1, -3, 3)
    return replace(
        study,
        title=HOSTILE,
        pack_name=HOSTILE,
        cohort_description=HOSTILE,
        decision=HOSTILE,
        intended_use=HOSTILE,
        moment_of_prediction=HOSTILE,
        settings={HOSTILE: HOSTILE},
        versions={HOSTILE: HOSTILE},
        tables={**study.tables, Evidence.HELD_OUT: replace(held_out, groups=groups)},
        features=(SelectedFeature(HOSTILE, 1, 5),),
        nomograms=(CombinedModel(HOSTILE, 0.1, (term,), HOSTILE),),
        sites=pool_sites([HOSTILE, HOSTILE], [held_out.positive] * 2,
                         [held_out.probabilities["dlr"]] * 2),
        excluded=((HOSTILE, msg("{value}", value=HOSTILE)),),
        fallbacks=(msg("{value}", value=HOSTILE),),
    )  # fmt: skip


@pytest.mark.parametrize("document", [render_study, tripod_draft])
def test_hostile_names_stay_text(document: Callable[[Study], str]) -> None:
    text = document(hostile_study())
    assert "<script" not in text
    assert "alert(1)" in text
    assert "{{7*7}}" in html.unescape(text)
    assert "\x00" not in text


def test_hostile_names_stay_inside_file_names(tmp_path: Path) -> None:
    study = a_minimal_study(nomograms=hostile_study().nomograms)
    names = [p.name for p in study_pictures(study)]
    assert all(re.fullmatch(r"[a-z0-9_-]+", name) for name in names)


def test_the_same_study_gives_the_same_bytes(pages: dict[str, str]) -> None:
    assert render_study(a_minimal_study()) == pages["minimal"]
    assert tripod_draft(a_study()) == tripod_draft(a_study())


def test_parts_that_a_study_lacks_are_left_out(pages: dict[str, str]) -> None:
    ids = re.findall(r'<section id="(\w+)">', pages["minimal"])
    assert ids == ["performance", "roc", "calibration", "calls", "comparisons", "settings"]
    assert "DEMO" not in words(pages["external"])
    assert "External validation of a locked model pack" in pages["external"]


def test_nothing_scored_still_gives_a_report() -> None:
    study = a_minimal_study(figures={}, tables={}, operating_points=())
    assert [s.name for s in build_study_content(study).sections] == ["comparisons", "settings"]
    assert study_pictures(study) == ()
    assert "No scored patients are part of this study." in words(tripod_draft(study))


def test_a_figure_without_its_patients_is_said_without_a_count() -> None:
    study = a_minimal_study(tables={}, operating_points=())
    assert "Combined model, Cross-validated: AUC" in everything(study)


def test_acquisition_that_separates_is_a_warning() -> None:
    strong = AucFigure(0.7, 0.58, 0.8, "logit-delong")
    said = section(a_study(acquisition={Evidence.HELD_OUT: strong}), "performance")
    assert "How the images were made separates the classes" in said
    assert "its interval reaches 0.5" in section(a_study(), "performance")


def test_calibration_of_few_events_cannot_be_judged() -> None:
    said = section(a_minimal_study(), "calibration")
    assert "Calibration cannot be judged" in said
    assert "Calibration cannot be judged." in picture_text(
        a_minimal_study(), "calibration-cross_validated"
    )
    assert "cannot be judged" not in section(a_study(), "calibration")


def test_a_smooth_curve_needs_a_hundred_of_either_class() -> None:
    assert "smooth curve" in picture_text(an_external_study(), "calibration-external")
    assert "smooth curve" not in picture_text(a_study(), "calibration-held_out")


def test_no_net_benefit_without_a_stated_range() -> None:
    names = [p.name for p in study_pictures(a_study(decision_range=None))]
    assert not [n for n in names if n.startswith("decision")]


def test_hosmer_lemeshow_is_given_where_it_may_be() -> None:
    weak = table(Evidence.EXTERNAL, labels(240, 110, 41), 42, extra=-0.9, branches=("combined",))
    study = a_minimal_study(
        figures=by_branch(weak), tables={weak.evidence: weak}, operating_points=()
    )
    test = hosmer_lemeshow(weak.positive, weak.probabilities["combined"], fitted_on=False)
    assert f"χ² {number(test.chi2, 2)} on 10 degrees of freedom in 10 groups" in section(
        study, "calibration"
    )
    assert "needs at least 100 patients" in section(a_study(), "calibration")


def test_one_class_draws_no_curve_and_does_not_fail() -> None:
    external = table(Evidence.EXTERNAL, labels(30, 10, 61), 62)
    negative = replace(external, positive=(False,) * 30)
    study = a_minimal_study(figures={}, tables={Evidence.EXTERNAL: negative}, operating_points=())
    assert [p.name for p in study_pictures(study)] == ["histogram-external"]
    assert everything(study)


def test_folds_of_one_class_have_no_curve() -> None:
    crossed = a_minimal_study().tables[Evidence.CROSS_VALIDATED]
    by_class = replace(crossed, folds=tuple(int(p) for p in crossed.positive))
    mixed = replace(crossed, folds=tuple(0 if p else k % 2 for k, p in enumerate(crossed.positive)))
    for cohort, is_drawn in ((by_class, False), (mixed, True)):
        study = a_minimal_study(tables={cohort.evidence: cohort}, operating_points=())
        assert ("roc-cross_validated" in [p.name for p in study_pictures(study)]) is is_drawn
    assert picture_text(study, "roc-cross_validated")


def test_a_subgroup_of_few_positives_is_counted() -> None:
    external = table(Evidence.EXTERNAL, labels(60, 10, 61), 62)
    half = tuple("few" if k < 30 else "more" for k in range(60))
    positive = tuple(k in (1, 2) or k >= 50 for k in range(60))
    cohort = replace(external, positive=positive, groups={"site": half})
    study = a_minimal_study(figures={}, tables={cohort.evidence: cohort}, operating_points=())
    assert "Site: few 2 of 30 counts only: below 5 of a class" in section(study, "subgroups")


def test_one_positive_patient_has_no_paired_test() -> None:
    external = table(Evidence.EXTERNAL, labels(30, 1, 61), 62)
    study = a_minimal_study(
        figures=by_branch(external), tables={Evidence.EXTERNAL: external}, operating_points=()
    )
    assert "only one patient in a class" in section(study, "comparisons")


def test_a_single_branch_has_nothing_to_compare() -> None:
    external = table(Evidence.EXTERNAL, labels(60, 20, 61), 62, branches=("combined",))
    study = a_minimal_study(
        figures=by_branch(external), tables={Evidence.EXTERNAL: external}, operating_points=()
    )
    assert section(study, "comparisons") == ""


def test_without_a_combined_branch_the_others_are_still_shown() -> None:
    external = table(Evidence.EXTERNAL, labels(60, 20, 61), 62, branches=("dlr",))
    study = a_minimal_study(
        figures=by_branch(external), tables={Evidence.EXTERNAL: external}, operating_points=()
    )
    assert "DLR" in section(study, "calibration")
    assert "Combined model:" not in everything(study)


def test_a_ledger_opened_once_needs_no_warning() -> None:
    said = section(a_study(ledger=Ledger(1, 1)), "ledger")
    assert "Held-out opened 1 times, 1 builds" in said
    assert "untouched" not in said


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_sites_have_no_summary_or_no_prediction(count: int) -> None:
    held_out = a_study().tables[Evidence.HELD_OUT]
    pooling = pool_sites(
        [f"Site {k}" for k in range(count)],
        [held_out.positive] * count,
        [held_out.probabilities["dlr"]] * count,
    )
    study = a_minimal_study(sites=pooling)
    said = section(study, "sites")
    assert ("Random-effects summary" in said) is (count == 2)
    assert "Expected at another site" not in said
    assert ("sites" in [p.name for p in study_pictures(study)]) is (count > 0)
    assert "item-23b" in tripod_draft(study)


def test_a_model_without_an_effect_has_coefficients_and_no_nomogram() -> None:
    flat = CombinedModel("flat", -0.5, (LogisticTerm("pr", 0.0, 0.1, 0, 1),), "ridge")
    study = a_minimal_study(nomograms=(flat,))
    assert not [p for p in study_pictures(study) if p.name.startswith("nomogram")]
    assert "Progesterone receptor (PR)" in section(study, "models")


def test_features_without_folds_and_long_lists_are_cut_with_a_word() -> None:
    features = tuple(SelectedFeature(f"f{k}", 0, 0) for k in range(70))
    study = a_minimal_study(features=features, excluded=((("p", msg("no ROI")),) * 60))
    assert "Not listed here, but in the pack: 10." in section(study, "features")
    assert "Left out too, not listed here: 20." in section(study, "excluded")
    assert "selection" not in [p.name for p in study_pictures(study)]


def test_populations_may_have_different_inputs() -> None:
    study = a_minimal_study(
        populations=(
            Population(msg("Training"), 40, 12, ((msg("Age"), "51", "53"),)),
            Population(msg("External"), 8, 3, ((msg("PR"), "2 of 3", "1 of 5"),)),
        )
    )
    said = section(study, "population")
    assert "Age 51 53 – –" in said
    assert "PR – – 2 of 3 1 of 5" in said
    assert "External: 3 of 8 HER-2 positive." in said


def test_a_crooked_table_is_refused() -> None:
    with pytest.raises(ValueError, match="more or fewer cells"):
        Table((msg("a"), msg("b")), (TableRow(msg("x"), cells("1")),))


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.5, "0.500"), (-0.0001, "0.000"), (-1.5, "−1.500"), (float("inf"), "∞"),
     (float("nan"), "–")],
)  # fmt: skip
def test_numbers_have_true_minus_signs_and_no_minus_zero(value: float, said: str) -> None:
    assert number(value) == said


def test_differences_carry_their_sign() -> None:
    assert (signed(0.1), signed(-0.1), signed(0.0)) == ("+0.100", "−0.100", "0.000")
    assert (p_text(0.0001), p_text(0.0321)) == ("<0.001", "0.032")


def test_the_tripod_draft_has_all_items_in_order() -> None:
    text = tripod_draft(a_study())
    numbers = re.findall(r'id="item-(\w+)"', text)
    assert numbers == [item.number for item in ITEMS]
    assert len(numbers) == 52
    assert len({re.sub(r"[a-z]", "", n) for n in numbers}) == 27


@pytest.mark.parametrize("name", STUDIES)
def test_every_tripod_item_is_answered_or_asked(name: str) -> None:
    text = tripod_draft(STUDIES[name]())
    for item in re.findall(r'<div class="item".*?</div>\s*</div>', text, re.DOTALL):
        said = re.sub(r'<p class="asks">.*?</p>', "", item, flags=re.DOTALL)
        assert "<p" in said


def test_the_tripod_draft_knows_the_numbers_and_asks_for_the_rest() -> None:
    said = words(tripod_draft(a_study()))
    assert said.count("To be written by the authors:") == 43
    combined = a_study().figures["combined"][Evidence.HELD_OUT]
    assert with_bounds(combined.value, combined.lower, combined.upper) in said
    assert "Simulated phantoms: nothing here can be said of patients." in said
    assert "looked at more than once" in said
    assert "the ethics committee" in said


def test_what_two_readers_disagree_on_is_said_beside_the_selection_and_in_the_draft() -> None:
    study = a_study(readers=ReaderAgreement(patients=41, features=651, left_out=212))
    sentence = (
        "212 of 651 features were not offered to the selection: over 41 training patients outlined "
        "by two readers, the lower bound of their ICC(A,1) is below 0.75 (McGraw & Wong 1996). Each "
        "fold worked this out anew, from its own training patients only."
    )
    assert section(study, "features").startswith(sentence)
    assert words(tripod_draft(study)).count(sentence) == 1
    for made in (a_study(), an_external_study()):
        assert "two readers" not in everything(made) + words(tripod_draft(made))


def test_an_external_tripod_draft_points_to_the_build() -> None:
    said = words(tripod_draft(an_external_study()))
    assert said.count("Concerns the development") == sum(i.applies == "D" for i in ITEMS)
    assert "Simulated" not in said


class Watched:
    """Remembers what the writer said."""

    def __init__(self) -> None:
        self.fractions: list[float] = []
        self.said: list[str] = []

    def step(self, fraction: float, text: Message) -> None:
        self.fractions.append(fraction)
        self.said.append(text.text())


def test_files_are_written_in_every_kind(tmp_path: Path) -> None:
    both = {"dlr": a_study().figures["dlr"]}
    study = a_minimal_study(figures=both, tables={}, operating_points=())
    page, draft, folder = tmp_path / "r" / "study.html", tmp_path / "tripod.html", tmp_path / "f"
    watched = Watched()
    written = write_study(study, page, draft, folder, watched)
    assert watched.fractions == sorted(watched.fractions)
    assert watched.said[0] == "Writing study.html"
    assert all(path.stat().st_size > 500 for path in written)
    names = {p.name for p in study_pictures(study)}
    assert {p.name for p in folder.iterdir()} == {
        f"{name}.{kind}" for name in names for kind in ("svg", "png", "pdf")
    }
    assert page.read_text(encoding="utf-8") == render_study(study)
    assert len(written) == 2 + 3 * len(names)


def test_a_full_disk_is_a_plain_refusal_and_leaves_the_old_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "study.html"
    page.write_text("the old report")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(study_files.os, "fsync", full)
    with pytest.raises(InputRefused) as refusal:
        write_study(a_minimal_study(), page, tmp_path / "tripod.html", tmp_path / "figures")
    assert refusal.value.code == "unwritable"
    assert page.read_text() == "the old report"
    assert [p.name for p in tmp_path.iterdir()] == ["study.html"]


def test_a_folder_that_is_a_file_is_a_plain_refusal(tmp_path: Path) -> None:
    (tmp_path / "figures").write_text("in the way")
    with pytest.raises(InputRefused, match="cannot be written"):
        write_study(
            a_minimal_study(), tmp_path / "a.html", tmp_path / "b.html", tmp_path / "figures"
        )


def test_the_page_names_its_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CATALOGUE, "language", "zh_CN")
    assert '<html lang="zh-CN">' in tripod_draft(a_minimal_study())
