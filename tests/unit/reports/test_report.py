"""The report of a case: what it says, that it sums, that it is safe, that it repeats."""

import html
import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from her2desk.domain.clinical import ClinicalRecord, Pathology
from her2desk.domain.counts import Call
from her2desk.domain.enhancement import EnhancementUse
from her2desk.domain.failure import DECLARED, FailureReading, FailureSign, NoErrorModel
from her2desk.domain.image import ImageWarning, Spacing, SpacingSource, UltrasoundImage
from her2desk.domain.prediction import PackIdentity, Prediction
from her2desk.domain.reading import Decision, Impression
from her2desk.domain.readout import Doubt
from her2desk.domain.stability import Stability, Variability, VariantKind
from her2desk.domain.validation import Attention
from her2desk.packs.archive import SIGNATURE, SIGNER
from her2desk.packs.manifest import RecalibrationPart
from her2desk.packs.pack import Pack, open_pack
from her2desk.packs.signing import fingerprint, signed_members
from her2desk.paths import demo_pack_path
from her2desk.reports.case_reading import CaseReading, Kept
from her2desk.reports.case_report import CaseFacts, CasePictures, build_content
from her2desk.reports.case_sections import branch_label
from her2desk.reports.content import FeatureTable, Picture, ReportContent, Rows, Section
from her2desk.reports.html import render_html
from her2desk.reports.pack_card import card_section
from her2desk.stats.proportions import wilson
from her2desk.texts import CATALOGUE, msg

from .report_cases import a_prediction, a_readout, an_image

HOSTILE = "<script>alert(1)</script>^\"'&{{7*7}}{% raw %}"
PNG = b"\x89PNG\r\n\x1a\nnot really"
PICTURE = Picture(PNG, msg("The frame."), msg("A frame with an outline."))


@lru_cache(maxsize=1)
def a_pack() -> Pack:
    return open_pack(demo_pack_path())


def content(
    prediction: Prediction | None = None,
    image: UltrasoundImage | None = None,
    *,
    pictures: CasePictures | None = None,
    shows_patient: bool = True,
    **facts: Any,
) -> ReportContent:
    """The report of a prediction, said to be by the pack that is at hand."""
    prediction = prediction or a_prediction()
    pack = replace(a_pack(), archive=replace(a_pack().archive, digest=prediction.pack.sha256))
    return build_content(
        prediction,
        image or an_image(),
        pack,
        pictures or CasePictures(PICTURE),
        CaseFacts(**{"version": "1.2.3", **facts}),
        shows_patient=shows_patient,
    )


def page(*arguments: Any, **more: Any) -> str:
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


def test_the_report_says_by_what_the_image_was_enhanced() -> None:
    assert "Enhancement" not in words(page())
    use = EnhancementUse("network", "tiny", "1.0", 4, "5" * 64, 1.0, 0.244, 0, 2000)
    assert (
        "Features and network saw the image enhanced by tiny 1.0 (×4); the largest difference when "
        "brought down again is 0.24 grey levels, where 1 is tolerated."
    ) in words(page(a_prediction(enhancement=use)))
    lanczos = EnhancementUse("lanczos", "lanczos", "1", 2, "5" * 64)
    assert (
        "Features and network saw the image enhanced by lanczos 1 (×2), which only interpolates "
        "between its pixels."
    ) in words(page(a_prediction(enhancement=lanczos)))


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
    text = page(pictures=CasePictures(PICTURE, PICTURE, PICTURE))
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
    decision = Decision("negative", HOSTILE, Call.INDETERMINATE, 0.49, "0" * 64)
    reading = CaseReading(decision=Kept(decision, HOSTILE, HOSTILE))
    return page(reader=HOSTILE, utc=HOSTILE, last_utc=HOSTILE, reading=reading)


@pytest.mark.parametrize(
    "report", [with_a_hostile_image, with_a_hostile_pack, with_a_hostile_caller]
)
def test_hostile_text_stays_text(report: Callable[[], str]) -> None:
    text = report()
    assert "script" not in [tag for tag, _ in Elements(text).found]
    assert "<script" not in text
    assert "alert(1)" in words(text)
    assert "{{7*7}}" in words(text)


def test_control_characters_and_turned_writing_are_shown_by_their_code_points() -> None:
    text = page(None, an_image(patient_name="A\x00B\x1b[31m\u202eC\udc80"))
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202e]", text)
    assert "AU+0000BU+001B[31mU+202ECU+DC80" in text
    text.encode("utf-8")


def test_the_same_content_gives_the_same_page() -> None:
    assert page() == page()
    assert "Answer kept" not in words(page())
    kept = words(page(utc="2026-01-31T12:34:56.789+00:00", case_id=7))
    assert "Answer kept 2026-01-31 12:34 UTC" in kept
    assert "Case: 0007" in kept
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
    assert "Notices" not in said
    assert "Features farthest" not in said


def test_the_strongest_features_come_first_and_outliers_have_a_word() -> None:
    report = content()
    [table] = [
        block
        for part in report.parts
        if isinstance(part, Section)
        for block in part.blocks
        if isinstance(block, FeatureTable)
    ]
    assert [f.name for f in table.rows] == ["wavelet-LH_glcm_Contrast", "original_firstorder_Mean"]
    assert "+4.2 ⚠ outside training" in words(render_html(report))


def test_the_readers_laterality_wins_over_the_files() -> None:
    record = ClinicalRecord(laterality="R")
    prediction = a_prediction(inputs=replace(a_prediction().inputs, clinical=record))
    assert "Side right" in words(page(prediction))
    assert "Side left" in words(page())


def test_a_prediction_of_another_image_or_pack_is_never_reported() -> None:
    with pytest.raises(ValueError, match="another image"):
        content(None, an_image(sha256="d" * 64))
    with pytest.raises(ValueError, match="another pack"):
        build_content(a_prediction(), an_image(), a_pack(), CasePictures(PICTURE), CaseFacts())


def test_every_branch_has_a_name_for_people() -> None:
    names = ("clinical", "radiomics", "cnn", "dlr", "combined")
    assert len({branch_label(name).text() for name in names}) == 5


def test_the_page_names_its_language(monkeypatch: pytest.MonkeyPatch) -> None:
    assert '<html lang="en">' in page()
    monkeypatch.setattr(CATALOGUE, "language", "zh_CN")
    assert '<html lang="zh-CN">' in page()


def test_the_patient_can_be_left_out() -> None:
    said = words(page(shows_patient=False, case_id=7))
    assert "Case: 0007" in said
    assert "Patient: left out" in said
    assert not [name for name in ("Ada", "Patient ID", "Patient ID: 0007") if name in said]
    assert "Phantom Ada" in words(page(case_id=7))


def test_a_documents_own_name_never_has_the_patients() -> None:
    assert "<title>HER-2 estimate, case 0007</title>" in page(case_id=7)


def test_a_name_in_two_scripts_is_written_as_people_write_it() -> None:
    said = words(page(None, an_image(patient_name="Wang^XiaoDong=王^小东=")))
    assert "Patient: Wang XiaoDong, 王 小东" in said


def decided(answer: str, reason: str, call: Call, inputs: str | None = None) -> Kept[Decision]:
    of = inputs or a_prediction().inputs.sha256
    return Kept(Decision(answer, reason, call, 0.49, of), "A. Reader", "2026-02-01T08:30:00+00:00")


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        (CaseReading(), "Impression before the answer none recorded Decision none recorded"),
        (
            CaseReading(impression=Kept(Impression("positive", 3), "B", "2026-02-01T08:00:00Z")),
            "HER-2 positive, confidence 3 of 5 (B, 2026-02-01 08:00 UTC)",
        ),
        (
            CaseReading(decision=decided("positive", "A mass", Call.INDETERMINATE)),
            "Decision overruled: HER-2 positive (A. Reader, 2026-02-01 08:30 UTC) Reason A mass",
        ),
        (
            CaseReading(decision=decided("unsure", "", Call.INDETERMINATE)),
            "Decision accepted that no call is made (A. Reader, 2026-02-01 08:30 UTC) Pathology",
        ),
        (
            CaseReading(decision=decided("negative", "", Call.NEGATIVE)),
            "Decision accepted: HER-2 negative (A. Reader, 2026-02-01 08:30 UTC) ⚠ check",
        ),
        (
            CaseReading(decision=decided("unsure", "", Call.INDETERMINATE, "0" * 64)),
            "accepted that no call is made (A. Reader, 2026-02-01 08:30 UTC) ⚠ check",
        ),
        (
            CaseReading(pathology=Kept(Pathology("2+", "amplified"), "P", "2026-02-11")),
            "Pathology IHC 2+, FISH amplified: HER-2 positive (P, 2026-02-11 00:00 UTC)",
        ),
        (
            CaseReading(pathology=Kept(Pathology("1+"), "P", "2026-02-11")),
            "Pathology IHC 1+: HER-2 negative (P",
        ),
        (
            CaseReading(pathology=Kept(Pathology("2+"), "P", "2026-02-11")),
            "Pathology IHC 2+: not known (P",
        ),
        (CaseReading(pathology=Kept(Pathology(), "P", "2026-02-11")), "Pathology none entered"),
    ],
)
def test_what_a_reader_and_the_pathologist_said_is_on_it(reading: CaseReading, said: str) -> None:
    assert said in words(page(reading=reading))


def test_the_packs_own_card_is_on_it() -> None:
    said = words(page())
    m = a_pack().manifest
    for part in (
        f"Intended use {m.intended_use}",
        "Moment of prediction After biopsy",
        f"{m.training.patients} patients, {m.training.positive} of them HER-2 positive",
        "AUC, cross-validated 0.91 (0.83–0.98)",
        "AUC, held out 0.86 (0.74–0.93)",
        "Licence Apache-2.0",
        "Signature unsigned",
        "Pack schema 1",
    ):
        assert part in said
    assert "Recalibrated" not in said


def test_a_recalibrated_pack_says_from_what() -> None:
    part = RecalibrationPart(
        from_version="1.1", from_sha256="a" * 64, intercept=0.1, slope=1.0,
        covariance=((0.1, 0.0), (0.0, 0.0)), patients=40, positive=12,
        first_study="2025-01-02", last_study="2025-11-30",
    )  # fmt: skip
    manifest = a_pack().manifest.model_copy(update={"recalibration": part})
    [row] = [
        row
        for block in card_section(replace(a_pack(), manifest=manifest)).blocks
        if isinstance(block, Rows)
        for row in block.rows
        if row.label.text() == "Recalibrated"
    ]
    assert row.value.text() == (
        "from version 1.1, to 40 local patients, 12 of them HER-2 positive, studies of 2025-01-02 "
        "to 2025-11-30"
    )


@pytest.mark.parametrize("carries_key", [True, False])
def test_who_signed_the_pack_is_on_its_card(carries_key: bool) -> None:
    key = Ed25519PrivateKey.generate()
    members = signed_members(a_pack().archive.members, key)
    archive = replace(
        a_pack().archive,
        signature=members[SIGNATURE],
        signer=members[SIGNER] if carries_key else None,
    )
    section = card_section(replace(a_pack(), archive=archive))
    rows = [row for block in section.blocks if isinstance(block, Rows) for row in block.rows]
    said = fingerprint(key.public_key()) if carries_key else "without the key to check it by"
    assert said in rows[-1].value.text()
    assert rows[-1].is_flagged is not carries_key


def test_how_the_answer_moves_is_said_of_this_answer_only() -> None:
    kinds = (VariantKind.SHIFTED,) * 8
    of = a_prediction().inputs.sha256
    logits = (-0.9, -0.4, -0.1, 0.0, 0.1, 0.2, 0.4, 1.0)
    found = Stability(of, kinds, logits, 8, Variability(0.5, True, 0), ((10, 0.1),))
    said = words(page(stability=found))
    assert "under 8 small changes of the outline" in said
    assert "on frame 11" in said
    assert "What could move" not in words(page(stability=replace(found, inputs_sha256="0" * 64)))


def test_a_ruler_by_the_reader_is_not_called_the_files() -> None:
    spacing = Spacing((0.1, 0.1), SpacingSource.USER)
    said = words(page(a_prediction(spacing=spacing)))
    assert "0.100 × 0.100 mm/px, from a ruler that the reader drew" in said
    filed = Spacing((0.1, 0.1), SpacingSource.PIXEL_SPACING)
    assert "from PixelSpacing" in words(page(a_prediction(spacing=filed)))


def test_the_research_line_is_in_every_printed_pages_foot() -> None:
    [rule] = re.findall(r"@page \{.*?\} \}", page(), re.DOTALL)
    [said] = re.findall(r'@bottom-left \{ content: "([^"]*)"', rule)
    letters = re.sub(r"\\([0-9a-f]{6})", lambda m: chr(int(m[1], 16)), said)
    assert letters == "Research use: an adjunct to, never a replacement for, IHC and FISH."


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
