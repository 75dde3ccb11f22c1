"""The doctor names what is wrong and what to do."""

import json
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from her2desk import system_libraries
from her2desk.cli import app, doctor
from her2desk.cli.doctor import Check
from her2desk.packs import pack as packs
from her2desk.texts import msg

FINE = Check("one", True, msg("All is well."))
BAD = Check("two", False, msg("It is gone."), msg("Bring it back."))


def test_all_checks_good_is_exit_0(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "examine", lambda library, pack: iter([FINE]))
    assert app.main(["doctor", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "ok": True,
        "checks": [{"name": "one", "ok": True, "message": "All is well.", "remedy": ""}],
    }


def test_a_bad_check_is_exit_3_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "examine", lambda library, pack: iter([FINE, BAD]))
    assert app.main(["doctor"]) == 3
    out = capsys.readouterr().out
    assert "ok       one: All is well.\n" in out
    assert "PROBLEM  two: It is gone.\n" in out
    assert "Bring it back." in out


def test_every_part_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "loads_check", lambda name, code: Check(name, True, msg("x")))
    names = [check.name for check in doctor.examine(tmp_path, tmp_path / "absent.h2pack")]
    assert names == [
        "python",
        "system-libraries",
        "networks",
        "radiomics",
        "device",
        "decoders",
        "demo-pack",
        "library",
        "library-encryption",
        "library-history",
        "library-durability",
        "library-files",
        "library-permissions",
        "library-backup",
        "disk-space",
    ]


def test_another_python_is_named() -> None:
    assert doctor.python_check((3, 11)).ok
    check = doctor.python_check((3, 13))
    assert not check.ok
    assert "3.13" in check.message.text()
    assert "3.11" in check.remedy.text()


def test_missing_system_libraries_come_with_the_exact_command() -> None:
    assert doctor.system_libraries_check(lambda: ()).ok
    check = doctor.system_libraries_check(lambda: ("libxcb-icccm.so.4", "libEGL.so.1"))
    assert not check.ok
    assert "apt-get install -y --no-install-recommends libegl1 libxcb-icccm4" in (
        check.remedy.text()
    )


def test_what_loads_says_what_it_found() -> None:
    check = doctor.loads_check("x", "print('noise'); print('thing 1.0')")
    assert (check.ok, check.message.text()) == (True, "Available: thing 1.0.")


def test_an_idle_graphics_card_comes_with_the_reason_and_advice() -> None:
    idle = doctor.loads_check("device", "print('cpu; There is a card. Its driver does not fit.')")
    check = doctor.device_check(idle)
    assert check.ok
    assert check.message.text() == "Available: cpu. There is a card. Its driver does not fit."
    assert "driver" in check.remedy.text()
    fine = doctor.loads_check("device", "print('cuda cpu')")
    assert doctor.device_check(fine) == fine


def test_the_devices_that_this_computer_has_are_named() -> None:
    check = doctor.device_check(doctor.loads_check("device", doctor.DEVICE_CODE))
    assert check.ok
    assert "cpu" in check.message.text()


@pytest.mark.skipif(not hasattr(signal, "SIGILL"), reason="POSIX only")
def test_a_processor_without_the_instructions_is_named() -> None:
    check = doctor.loads_check("x", "import signal; signal.raise_signal(signal.SIGILL)")
    assert not check.ok
    assert "AVX" in check.message.text()
    assert check.remedy.text()


def test_what_does_not_load_says_why() -> None:
    check = doctor.loads_check("x", "import no_such_module_here")
    assert not check.ok
    assert "no_such_module_here" in check.message.text()


def test_what_ends_its_process_is_survived() -> None:
    check = doctor.loads_check("x", "import os; os.abort()")
    assert not check.ok


def test_what_hangs_is_given_up() -> None:
    check = doctor.loads_check("x", "import time; time.sleep(60)", limit_s=0.5)
    assert not check.ok
    assert "did not load" in check.message.text()


def test_every_compressed_format_decodes_here() -> None:
    assert doctor.decoders_check().ok


def test_a_missing_decoder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoDecoder:
        is_available = False

    monkeypatch.setattr("pydicom.pixels.get_decoder", lambda uid: NoDecoder())
    check = doctor.decoders_check()
    assert not check.ok
    assert "JPEG 2000" in check.message.text()


def test_a_torn_demo_pack_is_noticed(tmp_path: Path) -> None:
    torn = tmp_path / "phantom-demo.h2pack"
    torn.write_bytes(b"PK torn")
    check = doctor.demo_pack_check(torn)
    assert not check.ok
    assert check.message.text()


def test_a_whole_demo_pack_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Opened:
        class identity:  # noqa: N801
            name, version = "Phantom demo", "1.0"

    monkeypatch.setattr(packs, "open_pack", lambda path: Opened)
    check = doctor.demo_pack_check(tmp_path)
    assert (check.ok, check.message.text()) == (True, "Phantom demo 1.0.")


class TestSystemLibraries:
    def test_present_ones_are_not_missed(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert system_libraries.main([], missing=tuple) == 0
        assert "present" in capsys.readouterr().out

    def test_missing_ones_are_named_with_the_command(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert system_libraries.main([], missing=lambda: ("libxcb-keysyms.so.1",)) == 1
        assert "install -y --no-install-recommends libxcb-keysyms1\n" in capsys.readouterr().err

    def test_install_runs_apt_as_root_and_looks_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(system_libraries, "_may_install", lambda: True)
        answers = iter([("libEGL.so.1",), ()])
        commands: list[tuple[str, ...]] = []

        def run(command: tuple[str, ...]) -> int:
            commands.append(command)
            return 0

        assert system_libraries.main(["--install"], lambda: next(answers), run) == 0
        assert commands == [
            ("apt-get", "update"),
            ("apt-get", "install", "-y", "--no-install-recommends", "libegl1"),
        ]

    def test_an_install_that_fails_says_so(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(system_libraries, "_may_install", lambda: True)
        absent = lambda: ("libEGL.so.1",)  # noqa: E731
        assert system_libraries.main(["--install"], absent, lambda command: 100) == 1
        assert "could not be installed" in capsys.readouterr().err

    def test_install_without_the_right_only_names_them(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(system_libraries, "_may_install", lambda: False)
        absent = lambda: ("libEGL.so.1",)  # noqa: E731

        def run(command: tuple[str, ...]) -> int:
            raise AssertionError("nothing may be installed")

        assert system_libraries.main(["--install"], absent, run) == 1

    def test_other_systems_need_none(self) -> None:
        assert system_libraries.missing_libraries("win32") == ()

    def test_the_loader_is_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        table = {"libc.so.6": "libc6", "libnothere-her2desk.so.1": "nothere"}
        monkeypatch.setattr(system_libraries, "PACKAGE_OF_LIBRARY", table)
        if sys.platform == "linux":
            assert system_libraries.missing_libraries() == ("libnothere-her2desk.so.1",)

    @pytest.mark.skipif(sys.platform != "linux", reason="ldd is Linux's")
    def test_the_table_covers_what_the_loader_misses_for_qt(self) -> None:

        spec = find_spec("PySide6")
        if shutil.which("ldd") is None or spec is None or spec.origin is None:
            pytest.skip("needs ldd and PySide6")
        platforms = Path(spec.origin).parent / "Qt" / "plugins" / "platforms"
        for plugin in ("libqxcb.so", "libqoffscreen.so"):
            run = subprocess.run(
                ["ldd", str(platforms / plugin)], capture_output=True, text=True, check=True
            )
            missing = {line.split()[0] for line in run.stdout.splitlines() if "not found" in line}
            assert missing <= set(system_libraries.PACKAGE_OF_LIBRARY)
            assert missing <= set(system_libraries.missing_libraries())

    def test_only_root_with_apt_may_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for user, apt, may in ((0, "/usr/bin/apt-get", True), (0, None, False), (1000, "x", False)):
            monkeypatch.setattr(
                system_libraries.os, "geteuid", lambda user=user: user, raising=False
            )
            monkeypatch.setattr(system_libraries.shutil, "which", lambda name, apt=apt: apt)
            assert system_libraries._may_install() is may
