"""The report of a case: what it says, that it sums, that it is safe, that it repeats."""

import html
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.counts import Call
from her2desk.domain.failure import DECLARED, FailureReading, FailureSign, NoErrorModel
from her2desk.domain.image import ImageWarning, Spacing, SpacingSource, UltrasoundImage
from her2desk.domain.prediction import PackIdentity, Prediction
from her2desk.domain.readout import Doubt
from her2desk.domain.validation import Attention
from her2desk.reports.content import ReportContent, branch_label, build_content
from her2desk.reports.html import render_html
from her2desk.stats.proportions import wilson
from her2desk.texts import CATALOGUE, msg

from .report_cases import a_prediction, a_readout, an_image

HOSTILE = "<script>alert(1)</script>^\"'&{{7*7}}{% raw %}"
PNG = b"\x89PNG\r\n\x1a\nnot really"


def content(
    prediction: Prediction | None = None, image: UltrasoundImage | None = None, **more: object
) -> ReportContent:
    return build_content(prediction or a_prediction(), image or an_image(), version="1.2.3", **more)


def page(*arguments: object, **more: object) -> str:
    return render_html(content(*arguments, **more))


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


def test_the_report_says_the_estimate_as_the_rules_do() -> None:
    said = words(page())
    for sentence in (
        "0.49 (0.34–0.64)",
        "Among patients with the same scores, an estimated 49 % are HER-2 positive "
        "(95 % interval 34–64 %).",
        "it does not include another scanner or hospital",
        "tuned for 95 % sensitivity; observed 93 % (14 of 15), interval 70–99 %",
        "Indeterminate: IHC, and FISH if 2+",
        "11 of 20 (34–74 %) were HER-2 positive",
        "Research use: an adjunct to, never a replacement for, IHC and FISH.",
        "60 validation patients, each predicted out of fold",
        "0.062 × 0.062 mm/px, from the DICOM ultrasound region",
        "12 of 57",
        "8000 px, 31 mm²",
        "Ki-67 35 %",
        "Oestrogen receptor (ER) yes",
        "Progesterone receptor (PR) no",
        "Lymph-node metastasis not known",
        "Phantom Ada",
        "2024-02-29",
        "One feature lies outside the training range.",
        "Her2Desk 1.2.3",
    ):
        assert sentence in said


def test_the_confusion_table_sums_to_its_cohort() -> None:
    table = re.search(r'<table class="confusion">.*?</table>', page(), re.DOTALL)
    assert table is not None
    cells = [int(n) for n in re.findall(r"<td[^>]*>(\d+)</td>", table[0])]
    tp, fp, positive_calls, fn, tn, negative_calls, positives, negatives, all_of_them = cells
    assert (tp + fp, fn + tn) == (positive_calls, negative_calls)
    assert (tp + fn, fp + tn) == (positives, negatives)
    assert positives + negatives == positive_calls + negative_calls == all_of_them == 60


def test_the_pack_and_its_hashes_are_named() -> None:
    said = words(page())
    assert "Phantom demo 1.0" in said
    assert "b" * 64 in said
    assert a_prediction().inputs.sha256 in said


def test_a_demo_pack_is_marked_and_another_is_not() -> None:
    assert "DEMO" in words(page())
    real = a_prediction(pack=PackIdentity("Site pack", "2.0", "c" * 64, False))
    assert "DEMO" not in words(page(real))


def test_the_page_fetches_nothing_and_runs_nothing() -> None:
    text = page(frame_png=PNG, heatmap_png=PNG, nomogram_png=PNG)
    elements = Elements(text).found
    assert not [tag for tag, _ in elements if tag in ("script", "link", "iframe", "object", "a")]
    sources = [a["src"] for _, a in elements if "src" in a]
    assert len(sources) == 3
    assert all(str(s).startswith("data:image/png;base64,") for s in sources)
    assert not [a for _, a in elements if any(name.startswith("on") for name in a)]
    assert "http://" not in text
    assert "https://" not in text
    assert "url(" not in text
    assert all(a.get("alt") for tag, a in elements if tag == "img")


def with_a_hostile_image() -> str:
    return page(
        None,
        an_image(
            patient_name=HOSTILE,
            patient_id=HOSTILE,
            study_date=HOSTILE,
            view=HOSTILE,
            manufacturer=HOSTILE,
            model_name=HOSTILE,
        ),
    )


def with_a_hostile_pack() -> str:
    return page(
        a_prediction(
            pack=PackIdentity(HOSTILE, HOSTILE, "b" * 64, False),
            features=(replace(a_prediction().features[0], name=HOSTILE),),
            warnings=(ImageWarning("x", msg("Value {value}", value=HOSTILE)),),
        )
    )


def with_a_hostile_caller() -> str:
    return page(reader=HOSTILE, generated=HOSTILE)


@pytest.mark.parametrize(
    "report", [with_a_hostile_image, with_a_hostile_pack, with_a_hostile_caller]
)
def test_hostile_text_stays_text(report: Callable[[], str]) -> None:
    text = report()
    assert "script" not in [tag for tag, _ in Elements(text).found]
    assert "<script" not in text
    assert "alert(1)" in words(text)
    assert "{{7*7}}" in words(text)


def test_control_characters_do_not_reach_the_page() -> None:
    text = page(None, an_image(patient_name="A\x00B\x1b[31m\x07C"))
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text)
    assert "AB[31mC" in text


def test_the_same_content_gives_the_same_page() -> None:
    assert page(frame_png=PNG) == page(frame_png=PNG)
    assert "Written" not in words(page())
    assert "Written 2026-01-31" in words(page(generated="2026-01-31"))
    assert "Reader A. Reader" in words(page(reader="A. Reader"))


def test_what_is_not_known_is_said_so() -> None:
    prediction = a_prediction(
        spacing=Spacing(None, SpacingSource.UNKNOWN),
        readout=a_readout(ppv=None, call=Call.NEGATIVE),
        branches={"combined": 0.49, "clinical": None},
        attention=Attention(None, None, None),
        features=(),
        warnings=(),
        inputs=replace(a_prediction().inputs, sop_instance_uid=None, clinical=ClinicalRecord()),
    )
    image = an_image(laterality=None, view=None, patient_name="", study_date="unknown")
    said = words(page(prediction, image))
    assert "Spacing not known" in said
    assert "Positive predictive value not available" in said
    assert "Radiomics not available" in said
    assert "Side not known" in said
    assert "View not known" in said
    assert "Study date: unknown" in said
    assert "8000 px" in said
    assert "mm²" not in said
    assert "SOP instance" not in said
    assert "Warnings" not in said
    assert "Features farthest" not in said


def test_the_strongest_features_come_first_and_outliers_have_a_word() -> None:
    report = content()
    assert [f.name for f in report.features] == [
        "wavelet-LH_glcm_Contrast",
        "original_firstorder_Mean",
    ]
    assert "+4.2 ⚠ outside training" in words(render_html(report))


def test_the_readers_laterality_wins_over_the_files() -> None:
    record = ClinicalRecord(laterality="R")
    prediction = a_prediction(inputs=replace(a_prediction().inputs, clinical=record))
    assert "Side right" in words(page(prediction))
    assert "Side left" in words(page())


def test_a_prediction_of_another_image_is_never_reported() -> None:
    with pytest.raises(ValueError, match="another image"):
        content(None, an_image(sha256="d" * 64))


def test_every_branch_has_a_name_for_people() -> None:
    names = ("clinical", "radiomics", "cnn", "dlr", "combined")
    assert len({branch_label(name).text() for name in names}) == 5


def test_the_page_names_its_language(monkeypatch: pytest.MonkeyPatch) -> None:
    assert '<html lang="en">' in page()
    monkeypatch.setattr(CATALOGUE, "language", "zh_CN")
    assert '<html lang="zh-CN">' in page()


def test_the_pages_words_are_translated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Shouting:
        def gettext(self, message: str) -> str:
            return message.replace("Notices", "HINWEISE").replace("not known", "UNBEKANNT")

    monkeypatch.setattr(CATALOGUE, "translations", Shouting())
    said = words(page())
    assert "HINWEISE" in said
    assert "Calcification UNBEKANNT" in said


def test_what_speaks_against_the_answer_comes_before_the_notices() -> None:
    warnings = (
        ImageWarning("cropped", msg("The picture was cropped.")),
        ImageWarning("size-assumed", msg("Its size is assumed.")),
    )
    readout = a_readout(doubts=(Doubt.INTERVAL,))
    said = words(page(a_prediction(readout=readout, warnings=warnings)))
    places = [
        said.index(part)
        for part in (
            "What speaks against this answer",
            "The interval 0.34–0.64 lies on both sides of the threshold 0.31.",
            "Its size is assumed.",
            "Notices",
            "The picture was cropped.",
        )
    ]
    assert places == sorted(places)
    assert said.count("Its size is assumed.") == 1


def test_patterns_of_failure_belong_to_a_call() -> None:
    sign = FailureSign(DECLARED[1], 1.0, 0.5, wilson(9, 14), wilson(4, 27), None)
    failure = FailureReading((sign,), NoErrorModel.FEW_ERRORS, wilson(13, 41))
    called = a_readout(call=Call.POSITIVE, failure=failure, alike=wilson(14, 23))
    said = words(page(a_prediction(readout=called)))
    assert said.count("of 14 validation patients called positive who looked like this, 9") == 2
    assert "No model of the errors: 13 wrong calls" in said
    assert "Of 23 validation patients called positive, 14 were HER-2 positive (41–78 %)." in said
    assert "How such answers fail" not in words(page())


def test_without_validation_patients_there_is_no_table_and_the_report_says_why() -> None:
    bare = a_readout(
        confusion=None, sensitivity=None, specificity=None, ppv=None, npv=None, neighbours=None
    )
    text = page(a_prediction(readout=bare))
    assert 'class="confusion"' not in text
    assert "The pack has no validation patients to count here" in words(text)
    assert content(a_prediction(readout=bare)).confusion_title.text() == "No validation patients"
