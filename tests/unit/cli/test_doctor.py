"""``her2desk doctor``: what it prints, as it goes and in the end."""

import json
import sys
from pathlib import Path

import pytest

from her2desk.cli import app, doctor
from her2desk.cli.doctor_parts import every_part
from her2desk.diagnostics.check import Check
from her2desk.diagnostics.children import Children
from her2desk.diagnostics.examination import Step
from her2desk.diagnostics.plan import Places, steps_of
from her2desk.diagnostics.titles import TITLES
from her2desk.errors import StoreRefused
from her2desk.policy import Allowance, Policy
from her2desk.texts import msg

FINE = Check("clock", True, msg("All is well."))
BAD = Check("disk-space", False, msg("It is gone."), msg("Bring it back."))


def use(monkeypatch: pytest.MonkeyPatch, *checks: Check) -> None:
    steps = tuple(Step(check.name, lambda check=check: (check,)) for check in checks)
    monkeypatch.setattr(doctor, "steps_of", lambda *_given: steps)


def test_all_checks_good_is_exit_0(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, FINE)
    assert app.main(["doctor", "--json", "--progress", "none"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "ok": True,
        "checks": [
            {
                "name": "clock",
                "title": "Clock",
                "ok": True,
                "message": "All is well.",
                "remedy": "",
            }
        ],
    }
    assert err == ""


def test_a_bad_check_is_exit_3_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, FINE, BAD)
    assert app.main(["doctor"]) == 3
    assert capsys.readouterr().out.splitlines() == [
        "ok       Clock: All is well.",
        "PROBLEM  Free disk space: It is gone.",
        "         → Bring it back.",
        "1 problem was found.",
    ]


def test_each_finding_is_told_before_the_next_is_looked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    heard: list[str] = []

    def second() -> tuple[Check, ...]:
        heard.append(capsys.readouterr().out)
        return (BAD,)

    steps = (Step("clock", lambda: (FINE,)), Step("disk-space", second))
    monkeypatch.setattr(doctor, "steps_of", lambda *_given: steps)
    app.main(["doctor"])
    assert heard == ["ok       Clock: All is well.\n"]


def test_beside_json_progress_is_an_object_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, FINE, BAD)
    assert app.main(["doctor", "--json", "--progress", "json"]) == 3
    out, err = capsys.readouterr()
    told = [json.loads(line) for line in err.splitlines()]
    assert told[0] == {"begun": {"name": "clock", "title": "Clock", "number": 1, "of": 2}}
    assert [line["check"] for line in told[1::2]] == json.loads(out)["checks"]


def test_every_step_and_every_part_has_a_name_for_people(tmp_path: Path) -> None:
    steps = steps_of(Places(tmp_path, tmp_path / "settings.json"), Children(), lambda: None)
    names = [step.name for step in steps]
    assert len(set(names)) == len(names) == 18
    assert set(names) <= TITLES.keys()


def test_a_bundle_is_not_written_where_the_administrator_forbids_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, FINE)
    forbidding = Policy(forbidden=frozenset({Allowance.SUPPORT_BUNDLE}))
    monkeypatch.setattr(doctor, "policy_in_force", lambda: forbidding)
    assert app.main(["doctor", "--bundle", str(tmp_path / "b.zip")]) == 3
    assert "administrator" in capsys.readouterr().err
    assert not (tmp_path / "b.zip").exists()


def test_a_passphrase_that_is_refused_is_the_librarys_finding(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    refusal = StoreRefused(msg("Wrong."), code="passphrase-wrong")

    def refuse(_folder: Path) -> None:
        raise refusal

    monkeypatch.setattr(doctor, "unlocked", refuse)
    unlock = doctor._unlocking(tmp_path)
    with pytest.raises(StoreRefused) as raised:
        unlock()
    assert raised.value is refusal


class TestParts:
    def answer(self, capsys: pytest.CaptureFixture[str], part: str) -> dict[str, object]:
        assert app.main(["doctor", "--part", part]) == 0
        document: dict[str, object] = json.loads(capsys.readouterr().out)
        return document

    def test_every_part_that_is_asked_for_exists(self) -> None:
        assert set(every_part()) == {"networks", "radiomics", "decoders", "self-test", "window"}

    def test_networks_say_how_they_compute(self, capsys: pytest.CaptureFixture[str]) -> None:
        found = self.answer(capsys, "networks")
        assert found["version"]
        assert found["capability"]
        assert "cpu" in found["devices"]

    def test_features_say_their_version(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.answer(capsys, "radiomics")["version"]

    def test_every_form_is_decoded(self, capsys: pytest.CaptureFixture[str]) -> None:
        found = self.answer(capsys, "decoders")
        assert found["bad"] == []
        assert len(found["good"]) == 12

    def test_the_window_is_tried(self, capsys: pytest.CaptureFixture[str], qapp: object) -> None:
        found = self.answer(capsys, "window")
        assert found["platform"] == "offscreen"
        assert not found["has_display"]
        assert found["screens"]

    def test_what_fails_is_told_and_what_it_prints_is_no_answer(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def fail() -> dict[str, object]:
            sys.stdout.write("noise of a library\n")
            raise ImportError("libtorch_cpu.so: cannot open shared object file")

        monkeypatch.setattr("her2desk.cli.doctor_parts.PARTS", {"networks": fail})
        found = self.answer(capsys, "networks")
        assert found == {
            "problem": "libtorch_cpu.so: cannot open shared object file",
            "kind": "ImportError",
        }

    def test_no_other_part_exists(self) -> None:
        assert app.main(["doctor", "--part", "nonsense"]) == 2
