"""``her2desk train`` and ``validate``: what they ask of the builder and what they say of a study."""

import json
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from her2desk.cli import validate
from her2desk.cli.app import main
from her2desk.domain.counts import Confusion
from her2desk.domain.progress import Progress, staged
from her2desk.domain.validation import ValidationSource
from her2desk.errors import Cancelled, PackRefused
from her2desk.packs import pack as packs
from her2desk.reports.study import AucFigure, Evidence, OperatingPointFigures, Study
from her2desk.texts import msg
from her2desk.training.request import TrainRequest, TrainResult

TRAINED = Evidence.APPARENT, Evidence.CROSS_VALIDATED, Evidence.HELD_OUT
METHODS = {
    Evidence.APPARENT: "logit-delong",
    Evidence.CROSS_VALIDATED: "nadeau-bengio",
    Evidence.HELD_OUT: "logit-delong",
    Evidence.EXTERNAL: "logit-delong",
}


def figure(evidence: Evidence, value: float) -> AucFigure:
    return AucFigure(value, value - 0.1, value + 0.1, METHODS[evidence])


def a_study(**changes: Any) -> Study:
    values: dict[str, Any] = {
        "title": "Ward 1.0",
        "is_external": False,
        "pack_name": "Ward",
        "pack_version": "1.0",
        "pack_digest": "ab" * 32,
        "demo": False,
        "intended_use": "Research",
        "moment_of_prediction": "after-biopsy",
        "decision": "which patients",
        "cohort_description": "cohort ward",
        "cohort_sha256": "cd" * 32,
        "seed": 11,
        "settings": {},
        "versions": {},
        "populations": (),
        "figures": {
            "clinical": {e: figure(e, 0.6) for e in TRAINED},
            "combined": {e: figure(e, 0.8 - k / 20) for k, e in enumerate(TRAINED)},
        },
        "tables": {},
        "operating_points": (
            OperatingPointFigures(
                "youden", 0.4, Evidence.HELD_OUT, Confusion(9, 4, 20, 2, ValidationSource.HELD_OUT)
            ),
        ),
        "acquisition": {Evidence.CROSS_VALIDATED: figure(Evidence.CROSS_VALIDATED, 0.5)},
        "fallbacks": (msg("Ridge was used in fold {k}.", k=2),),
        "excluded": tuple((f"P{k:02d}", msg("IHC 2+ without FISH.")) for k in range(12)),
    }
    return Study(**{**values, **changes})


class Builder:
    """Stands in for the builder: notes what was asked, reports two steps and answers."""

    def __init__(self, study: Study, error: BaseException | None = None):
        self.study = study
        self.error = error
        self.asked: list[Any] = []

    def train(self, request: TrainRequest, progress: Progress) -> tuple[TrainResult, Study]:
        self._work(request, progress)
        stem = request.out.with_suffix("")
        paths = (Path(f"{stem}{end}") for end in ("-report.html", "-tripod.html", "-figures"))
        return TrainResult(request.out, "ab" * 32, *paths), self.study

    def validate(self, cohort: Path, pack: Path, progress: Progress, device: str) -> Study:
        self._work((cohort, pack, device), progress)
        return self.study

    def _work(self, asked: object, progress: Progress) -> None:
        self.asked.append(asked)
        progress.step(0.0, staged("cohort", msg("Checking row {n}", n=2)))
        if self.error is not None:
            raise self.error
        progress.step(1.0, staged("report", msg("Done")))


Use = Callable[..., Builder]


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Use:
    """Put a stand-in in the builder's place."""

    def put(study: Study | None = None, error: BaseException | None = None) -> Builder:
        builder = Builder(study or a_study(), error)
        for module, name in (("run", "train"), ("validation", "validate")):
            stand_in = types.ModuleType(f"her2desk.training.{module}")
            setattr(stand_in, name, getattr(builder, name))
            monkeypatch.setitem(sys.modules, f"her2desk.training.{module}", stand_in)
        monkeypatch.setattr(packs, "open_pack", lambda path: path)
        monkeypatch.setattr(validate, "required_trust", lambda pack: None)
        return builder

    return put


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What was handed to the report's writer."""
    calls: list[tuple[object, ...]] = []
    stand_in = types.ModuleType("her2desk.reports.study_files")
    stand_in.write_study = lambda *arguments: calls.append(arguments)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "her2desk.reports.study_files", stand_in)
    return calls


def test_the_document_of_a_build(use: Use, capsys: pytest.CaptureFixture[str]) -> None:
    builder = use()
    assert main(["train", "ward", "--out", "o/ward.h2pack", "--seed", "5", "--json"]) == 0
    assert builder.asked == [TrainRequest(Path("ward"), Path("o/ward.h2pack"), seed=5)]
    document = json.loads(capsys.readouterr().out)
    assert document["pack"] == str(Path("o/ward.h2pack"))
    assert document["report"] == str(Path("o/ward-report.html"))
    assert document["tripod"] == str(Path("o/ward-tripod.html"))
    assert document["figures"] == str(Path("o/ward-figures"))
    assert (document["digest"], document["seed"]) == ("ab" * 32, 11)
    metrics = document["metrics"]
    assert list(metrics) == ["apparent", "cross_validated", "held_out"]
    assert metrics["cross_validated"]["combined"]["auc"] == {
        "value": 0.75,
        "lower": 0.65,
        "upper": 0.85,
        "method": "nadeau-bengio",
    }
    assert set(metrics["cross_validated"]) == {"clinical", "combined", "acquisition"}
    assert set(metrics["held_out"]) == {"clinical", "combined"}
    assert metrics["held_out"]["combined"]["confusion"] == {
        "youden": {
            "threshold": 0.4, "tp": 9, "fp": 4, "tn": 20, "fn": 2, "cohort_size": 35,
            "source": "held-out",
        }
    }  # fmt: skip
    assert document["warnings"][0] == {"code": "fallback", "message": "Ridge was used in fold 2."}
    assert document["warnings"][1]["message"] == "P00: IHC 2+ without FISH."
    assert len(document["warnings"]) == 13


def test_a_build_without_held_out_patients_has_an_empty_part(
    use: Use, capsys: pytest.CaptureFixture[str]
) -> None:
    crossed = {Evidence.CROSS_VALIDATED: figure(Evidence.CROSS_VALIDATED, 0.7)}
    use(a_study(figures={"combined": crossed}, operating_points=(), acquisition={}))
    assert main(["train", "ward", "--out", "w.h2pack", "--split", "none", "--json"]) == 0
    metrics = json.loads(capsys.readouterr().out)["metrics"]
    assert (metrics["apparent"], metrics["held_out"]) == ({}, {})
    assert list(metrics["cross_validated"]) == ["combined"]


def test_progress_is_one_json_object_a_line_beside_the_document(
    use: Use, capsys: pytest.CaptureFixture[str]
) -> None:
    use()
    assert main(["train", "ward", "--out", "w.h2pack", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)
    told = [json.loads(line) for line in err.splitlines()]
    assert [(t["stage"], t["fraction"], t["text"]) for t in told] == [
        ("cohort", 0.0, "Checking row 2"),
        ("report", 1.0, "Done"),
    ]
    assert all(set(t) == {"stage", "fraction", "text", "elapsed_s", "eta_s"} for t in told)


@pytest.mark.parametrize(("kind", "lines"), [("none", 0), ("text", 2), ("json", 2)])
def test_progress_is_told_as_it_is_asked_for(
    use: Use, kind: str, lines: int, capsys: pytest.CaptureFixture[str]
) -> None:
    use()
    assert main(["train", "ward", "--out", "w.h2pack", "--progress", kind]) == 0
    assert len(capsys.readouterr().err.splitlines()) == lines


def test_people_read_a_table_and_where_things_lie(
    use: Use, capsys: pytest.CaptureFixture[str]
) -> None:
    use()
    assert main(["train", "ward", "--out", "w.h2pack"]) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0].split("  ") != lines[0]
    for heading in ("apparent", "cross-validated", "held out"):
        assert heading in lines[0]
    combined = next(line for line in lines if "combined" in line)
    assert "0.80 (0.70–0.90)" in combined
    assert "0.70 (0.60–0.80)" in combined
    assert "–" in next(line for line in lines if "acquisition" in line)
    assert "Ridge was used in fold 2." in lines
    assert "3 more remarks are in the report." in lines
    assert "Pack: w.h2pack" in lines


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Cancelled()])
def test_a_stopped_build_says_how_it_goes_on(
    use: Use, error: BaseException, capsys: pytest.CaptureFixture[str]
) -> None:
    use(error=error)
    assert main(["train", "ward", "--out", "w.h2pack", "--json"]) == 130
    said = json.loads(capsys.readouterr().out)["error"]
    assert said["code"] == "interrupted"
    assert said["remedy"] == "The same command goes on where it was: finished networks are kept."


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["ward"],
        ["ward", "--out", "pack.zip"],
        ["ward", "--out", "w.h2pack", "--families", "forest"],
        ["ward", "--out", "w.h2pack", "--held-out", "1.5"],
        ["ward", "--out", "w.h2pack", "--outer-folds", "1"],
        ["ward", "--out", "w.h2pack", "--progress", "loud"],
    ],
)
def test_arguments_that_make_no_sense_are_wrong_usage(
    use: Use, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    builder = use()
    assert main(["train", *arguments, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "usage"
    assert builder.asked == []


EXTERNAL = a_study(
    is_external=True,
    figures={"combined": {e: figure(e, 0.7) for e in METHODS}},
    operating_points=(
        OperatingPointFigures(
            "youden", 0.4, Evidence.EXTERNAL, Confusion(9, 4, 20, 2, ValidationSource.EXTERNAL)
        ),
    ),
    acquisition={},
    excluded=(),
    fallbacks=(),
)


def test_the_document_of_an_external_validation(
    use: Use,
    written: list[tuple[object, ...]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    builder = use(EXTERNAL)
    asked = ["validate", "other", "--pack", "w.h2pack", "--device", "cpu"]
    out = tmp_path / "new" / "report"
    assert main([*asked, "--out", str(out), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert builder.asked == [(Path("other"), Path("w.h2pack"), "cpu")]
    assert document["pack"] == "w.h2pack"
    assert list(document["metrics"]) == ["apparent", "cross_validated", "held_out", "external"]
    external = document["metrics"]["external"]["combined"]
    assert external["auc"]["value"] == 0.7
    assert external["confusion"]["youden"]["tp"] == 9
    assert written == [(EXTERNAL, out / "report.html", out / "tripod.html", out / "figures")]
    assert document["report"] == str(out / "report.html")
    assert out.is_dir()


def test_without_a_folder_no_report_is_written(
    use: Use, written: list[tuple[object, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    use(EXTERNAL)
    asked = ["validate", "other", "--pack", "w.h2pack"]
    assert main([*asked, "--json"]) == 0
    assert "report" not in json.loads(capsys.readouterr().out)
    assert main(asked) == 0
    out = capsys.readouterr().out
    assert "external" in out
    assert "Give --out DIR to have the report written." in out
    assert written == []


def test_people_are_told_where_the_report_lies(
    use: Use,
    written: list[tuple[object, ...]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    use(EXTERNAL)
    assert main(["validate", "other", "--pack", "w.h2pack", "--out", str(tmp_path)]) == 0
    assert f"Report: {tmp_path / 'report.html'}" in capsys.readouterr().out
    assert len(written) == 1


def test_a_folder_that_cannot_be_made_is_found_out_before_the_work(
    use: Use, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    builder = use(EXTERNAL)
    (tmp_path / "file").write_text("in the way")
    out = str(tmp_path / "file" / "report")
    assert main(["validate", "other", "--pack", "w.h2pack", "--out", out, "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "unwritable"
    assert builder.asked == []


def test_a_pack_that_is_refused_is_exit_4(use: Use, capsys: pytest.CaptureFixture[str]) -> None:
    use(EXTERNAL, PackRefused("The pack is torn.", "Get it again.", code="pack-torn"))
    assert main(["validate", "other", "--pack", "w.h2pack", "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "pack-torn"
