"""The settings file, the administrator's policy, and what listens on the network."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from her2desk.diagnostics.choices import policy_check, settings_check
from her2desk.diagnostics.network import Listener, network_check, own_listeners
from her2desk.dicom.pacs.node_files import save_pacs
from her2desk.dicom.pacs.nodes import PacsSettings, ReceiverSettings
from her2desk.settings import Settings, save_settings


class TestSettings:
    def test_none_yet(self, tmp_path: Path) -> None:
        assert settings_check(tmp_path / "settings.json").ok

    def test_as_they_are_written(self, tmp_path: Path) -> None:
        path = tmp_path / "settings.json"
        save_settings(path, Settings(theme="light"))
        assert settings_check(path).message.text() == "All settings can be used."

    @pytest.mark.parametrize("content", ["{", "[]", "\x00"])
    def test_broken(self, tmp_path: Path, content: str) -> None:
        path = tmp_path / "settings.json"
        path.write_text(content)
        check = settings_check(path)
        assert not check.ok
        assert "damaged" in check.message.text()
        assert str(path) in check.remedy.text()
        assert path.read_text() == content

    def test_values_that_cannot_be_are_each_named(self, tmp_path: Path) -> None:
        path = tmp_path / "settings.json"
        path.write_text(json.dumps({"theme": "pink", "local_prevalence": 7}))
        check = settings_check(path)
        assert not check.ok
        assert "theme" in check.message.text()
        assert "local_prevalence" in check.message.text()

    def test_no_file(self, tmp_path: Path) -> None:
        (tmp_path / "settings.json").mkdir()
        check = settings_check(tmp_path / "settings.json")
        assert not check.ok
        assert "cannot be opened" in check.message.text()


class TestPolicy:
    def test_none(self, tmp_path: Path) -> None:
        assert "No rules" in policy_check([tmp_path / "policy.json"]).message.text()

    def test_in_force(self, tmp_path: Path) -> None:
        path = tmp_path / "policy.json"
        path.write_text('{"settings": {"theme": "light"}}')
        path.chmod(0o644)
        check = policy_check([path])
        assert check.ok
        assert str(path) in check.message.text()

    def test_with_a_typo(self, tmp_path: Path) -> None:
        path = tmp_path / "policy.json"
        path.write_text('{"setings": {"theme": "light"}}')
        path.chmod(0o644)
        check = policy_check([path])
        assert not check.ok
        assert "setings" in check.message.text()
        assert "administrator" in check.remedy.text()


class TestNetwork:
    def test_nothing_listens(self, tmp_path: Path) -> None:
        check = network_check(tmp_path / "pacs.json", tuple)
        assert check.ok
        assert "nothing listens" in check.message.text()

    def test_what_listens_unasked_is_a_problem(self, tmp_path: Path) -> None:
        unasked = Listener("0.0.0.0", 11112, was_asked=False)
        check = network_check(tmp_path / "pacs.json", lambda: (unasked,))
        assert not check.ok
        assert "0.0.0.0:11112" in check.message.text()
        assert check.remedy.text()

    def test_what_a_command_was_told_to_do_is_well(self, tmp_path: Path) -> None:
        asked = Listener("127.0.0.1", 11112, was_asked=True)
        check = network_check(tmp_path / "pacs.json", lambda: (asked,))
        assert check.ok
        assert not check.remedy.text()

    def test_receiving_that_is_on(self, tmp_path: Path) -> None:
        path = tmp_path / "pacs.json"
        save_pacs(path, PacsSettings(ReceiverSettings(enabled=True, allowed_ae_titles=("A",))))
        assert "nothing listens just now" in network_check(path, tuple).message.text()
        open_to_all = Listener("0.0.0.0", 11112, was_asked=False)
        check = network_check(path, lambda: (open_to_all,))
        assert check.ok
        assert "Other computers" in check.remedy.text()

    def test_broken_settings_are_a_problem(self, tmp_path: Path) -> None:
        (tmp_path / "pacs.json").write_text("{")
        check = network_check(tmp_path / "pacs.json", tuple)
        assert not check.ok
        assert check.remedy.text()


class TestListeners:
    def test_of_another_library_are_none_of_ours(self) -> None:
        assert own_listeners("/no/such/home") == ()

    def test_are_found_in_a_process_of_the_program_and_in_its_children(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HER2DESK_HOME", str(tmp_path))
        program = tmp_path / "her2desk"
        with _listening_child(program) as port:
            (found,) = own_listeners(str(tmp_path))
        assert (found.host, found.port, found.was_asked) == ("127.0.0.1", port, False)


@contextmanager
def _listening_child(program: Path) -> Iterator[int]:
    """A process that looks like the program, and one that it started and that listens."""
    listen = (
        "import socket, sys; s = socket.create_server(('127.0.0.1', 0));"
        "print(s.getsockname()[1], flush=True); sys.stdin.readline()"
    )
    program.write_text(
        f"import subprocess, sys\nsubprocess.run([sys.executable, '-S', '-c', {listen!r}])\n"
    )
    with subprocess.Popen(
        [sys.executable, str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.communicate("\n")
