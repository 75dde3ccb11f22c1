"""The administrator's policy: what it locks and forbids, and that what is wrong in it closes."""

import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from her2desk import in_force, paths, policy
from her2desk.cli.app import main
from her2desk.diagnostics.bundle import write_bundle
from her2desk.dicom.pacs.association import Asking, associated
from her2desk.dicom.pacs.listening import Listening
from her2desk.dicom.pacs.nodes import ReceiverSettings, RemoteNode
from her2desk.errors import InputRefused, PackRefused
from her2desk.inference.cluster import require_cluster
from her2desk.packs.trust import PackTrust, Standing
from her2desk.policy import Allowance, Policy, load_policy, policy_places, read_policy
from her2desk.radiomics.profile import us_2d
from her2desk.settings import RULES, Settings, load_settings, save_settings
from her2desk.texts import msg
from tests.policies import run_under_policy, under_policy, written_policy

DOCS = Path(__file__).parents[2] / "docs"
EVERYTHING = frozenset(Allowance)
SIGNER = "ab" * 32


def example() -> dict[str, object]:
    """The example of the administrator's page."""
    pages = [DOCS / "policy.md", DOCS / "administrator.md"]
    texts = [page.read_text(encoding="utf-8") for page in pages if page.exists()]
    found = [one for text in texts for one in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    (policy_json,) = [json.loads(one) for one in found if '"allow"' in one]
    return policy_json


def problems(folder: Path, content: object) -> list[str]:
    found = load_policy([written_policy(folder, content)])
    assert found.forbidden == EVERYTHING, "what is not understood closes"
    return [problem.text() for problem in found.problems]


class TestSound:
    def test_without_a_file_everything_is_the_users(self, tmp_path: Path) -> None:
        found = load_policy([tmp_path / "absent.json", tmp_path / "no" / "folder.json"])
        assert found == Policy()
        assert all(found.allows(one) for one in Allowance)

    def test_the_example_of_the_documentation_is_understood(self, tmp_path: Path) -> None:
        found = load_policy([written_policy(tmp_path, example())])
        assert found.problems == ()
        assert found.locked["device"] == "cpu"
        assert found.defaults["language"] == "zh_CN"
        assert found.forbidden == EVERYTHING - {Allowance.SUPPORT_BUNDLE}
        assert len(found.signers) == 1
        assert found.lock_sentence.text() == (
            "Set by your administrator (Radiology IT, extension 4711)."
        )

    def test_the_documentation_names_every_setting_and_every_allowance(self) -> None:
        text = (DOCS / "policy.md").read_text(encoding="utf-8")
        for name in (*(set(RULES) - set(policy.NOT_LOCKABLE)), *Allowance):
            assert f"`{name}`" in text, name

    @pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
    def test_windows_editors_may_begin_it_with_a_mark(self, tmp_path: Path, bom: bytes) -> None:
        found = load_policy([written_policy(tmp_path, bom + b'{"settings": {"theme": "light"}}')])
        assert found.is_sound
        assert found.locked == {"theme": "light"}

    def test_two_files_hold_both_and_the_first_ones_values_count(self, tmp_path: Path) -> None:
        first = written_policy(
            tmp_path / "a", {"settings": {"theme": "light"}, "allow": {"network": False}}
        )
        second = written_policy(
            tmp_path / "b",
            {
                "settings": {"theme": "dark", "device": "cpu"},
                "allow": {"network": True, "training": False},
                "contact": "IT",
            },
        )
        found = load_policy([first, second])
        assert found.locked == {"theme": "light", "device": "cpu"}
        assert found.forbidden == {Allowance.NETWORK, Allowance.TRAINING}
        assert found.contact == "IT"

    def test_no_variable_of_the_user_moves_its_place(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        before = policy_places()
        for name in (*os.environ, "HER2DESK_POLICY", "XDG_CONFIG_DIRS", "PROGRAMDATA"):
            monkeypatch.setenv(name, str(tmp_path))
        assert policy_places() == before

    def test_a_portable_program_looks_beside_itself_too(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr("sys.frozen", True, raising=False)
        monkeypatch.setattr("sys.executable", str(tmp_path / "Her2Desk"))
        assert policy_places()[-1] == tmp_path / "policy.json"


class TestBroken:
    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"{", "is not JSON: line 1, character 2."),
            (b"", "is not JSON: line 1, character 1."),
            (b"[1]", "is not a JSON object."),
            (b'{"allow": NaN}', "is not JSON."),
            (b"[" * 100_000, "is not JSON."),
            ('{"contact": "Röntgen"}'.encode("latin-1"), "is not text in UTF-8."),
            ('{"contact": "x"}'.encode("utf-16"), "is not text in UTF-8."),
            (b'{"allow": {}, "allow": {}}', "says allow twice."),
            (b'{"allow": {"network": true, "network": false}}', "says network twice."),
        ],
    )
    def test_a_file_that_is_no_policy_is_one_sentence_and_closes(
        self, tmp_path: Path, content: bytes, said: str
    ) -> None:
        (sentence,) = problems(tmp_path, content)
        assert sentence == f"The policy {tmp_path / 'policy.json'} {said}"

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            ({"alow": {}}, "alow is not known; allow is."),
            ({"Allow": {}}, "Allow is not known; allow is."),
            ({"allow": {"netwrok": False}}, "allow.netwrok is not known; network is."),
            ({"allow": {"network": "no"}}, 'allow.network is "no", but may be true or false.'),
            ({"allow": {"network": 0}}, "allow.network is 0, but may be true or false."),
            ({"allow": []}, "allow is [], but may be an object."),
            ({"settings": {"tehme": "dark"}}, "settings.tehme is not known; theme is."),
            ({"settings": {"news_seen": "1"}}, "settings.news_seen is not known; "),
            (
                {"settings": {"theme": "drak"}},
                'The setting theme is "drak", but may be one of dark, light, system.',
            ),
            (
                {"defaults": {"threads": -1}},
                "The setting threads is -1, but may be a whole number from 0 (automatic) to 64.",
            ),
            ({"settings": {"library": "cases"}}, "but may be a folder's whole path, or null."),
            ({"signers": {"Us": "ab12"}}, 'signers.Us is "ab12", but may be a fingerprint'),
            ({"contact": 4711}, "contact is 4711, but may be a text."),
            (
                {"zzz": 1},
                "zzz is not known; known are settings, defaults, allow, signers, contact.",
            ),
        ],
    )
    def test_a_typo_is_named_with_what_was_probably_meant(
        self, tmp_path: Path, content: object, said: str
    ) -> None:
        (sentence,) = problems(tmp_path, content)
        assert sentence.startswith(f"In the policy {tmp_path / 'policy.json'}: ")
        assert said in sentence

    def test_every_typo_is_named_and_what_is_understood_still_locks(self, tmp_path: Path) -> None:
        content = {"settings": {"theme": "light", "devise": "cpu"}, "alow": {}, "allow": {"x": 1}}
        found = load_policy([written_policy(tmp_path, content)])
        assert len(found.problems) == 4
        assert found.locked == {"theme": "light"}
        assert found.forbidden == EVERYTHING

    def test_a_folder_in_its_place_closes(self, tmp_path: Path) -> None:
        (tmp_path / "policy.json").mkdir()
        assert load_policy([tmp_path / "policy.json"]).forbidden == EVERYTHING

    def test_a_pipe_in_its_place_closes_and_does_not_wait(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "policy.json")
        assert load_policy([tmp_path / "policy.json"]).forbidden == EVERYTHING

    def test_one_that_may_not_be_read_closes(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> int:
            raise PermissionError(13, "no")

        monkeypatch.setattr(policy.os, "open", refuse)
        found = load_policy([tmp_path / "policy.json"])
        assert found.forbidden == EVERYTHING
        assert found.problems[0].text().endswith("cannot be read.")

    @pytest.mark.parametrize(
        ("of_file", "of_folder"), [(0o666, 0o700), (0o664, 0o700), (0o644, 0o777)]
    )
    def test_one_that_others_could_have_written_locks_nothing_and_closes(
        self, tmp_path: Path, of_file: int, of_folder: int
    ) -> None:
        path = written_policy(tmp_path / "etc", {"settings": {"library": "/theirs"}})
        path.chmod(of_file)
        path.parent.chmod(of_folder)
        found = load_policy([path])
        assert found.locked == {}
        assert found.forbidden == EVERYTHING
        assert "could have been written by any user" in found.problems[0].text()

    def test_a_link_counts_as_what_it_leads_to(self, tmp_path: Path) -> None:
        real = written_policy(tmp_path / "real", {"settings": {"theme": "light"}})
        link = tmp_path / "policy.json"
        link.symlink_to(real)
        assert load_policy([link]).locked == {"theme": "light"}
        real.parent.chmod(0o777)
        assert load_policy([link]).locked == {}

    @settings(
        suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150
    )
    @given(
        raw=st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["settings", "allow", "network", "theme", "signers"])
                    | st.text(max_size=5),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=12,
        )
    )
    def test_whatever_it_says_it_is_understood_or_closes(self, tmp_path: Path, raw: object) -> None:
        found = load_policy([written_policy(tmp_path, raw)])
        assert found.is_sound or found.forbidden == EVERYTHING
        for values in (found.locked, found.defaults):
            assert all(RULES[name].holds(value) for name, value in values.items())
        assert all(problem.text() for problem in found.problems)


class TestSettingsUnderIt:
    def test_locks_hold_whatever_the_file_says_and_defaults_until_a_choice(
        self, tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        under_policy(
            monkeypatch,
            tmp_path / "etc",
            {"settings": {"device": "cpu"}, "defaults": {"theme": "light", "threads": 2}},
        )
        save_settings(paths.settings_path(), Settings(device="cuda", threads=1))
        held = in_force.settings_in_force()
        assert (held.device, held.theme, held.threads) == ("cpu", "light", 1)

    def test_what_is_locked_is_not_written_and_the_users_own_comes_back(
        self, tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        save_settings(paths.settings_path(), Settings(theme="light"))
        with monkeypatch.context() as patch:
            under_policy(patch, tmp_path / "etc", {"settings": {"theme": "dark"}})
            held = in_force.settings_in_force()
            assert held.theme == "dark"
            in_force.keep_settings(Settings(theme="system", reader="Dr Li"))
        assert in_force.settings_in_force() == Settings(theme="light", reader="Dr Li")

    def test_a_default_is_not_written_as_if_it_were_chosen(
        self, tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patch:
            under_policy(patch, tmp_path / "etc", {"defaults": {"theme": "light"}})
            in_force.keep_settings(in_force.settings_in_force())
        assert load_settings(paths.settings_path()).theme == "dark"

    def test_a_policy_with_a_typo_leaves_the_settings_as_they_were(
        self, tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        save_settings(paths.settings_path(), Settings(theme="light", reader="Dr Li"))
        before = paths.settings_path().read_bytes()
        file = under_policy(monkeypatch, tmp_path / "etc", b'{"settings": {"theme": ')
        assert in_force.settings_in_force() == Settings(theme="light", reader="Dr Li")
        assert paths.settings_path().read_bytes() == before
        assert file.read_bytes() == b'{"settings": {"theme": '


NODE = RemoteNode("archive", "PACS", "192.0.2.1", 104)


def converse() -> None:
    with associated(NODE, Asking("HER2DESK"), [], msg("a test")):
        pass


class TestEnforced:
    """At the places that everything comes through, so that no door beside them is left."""

    @pytest.mark.parametrize("why", ["forbidden", "closed"])
    def test_the_network_is_off(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
    ) -> None:
        content = {"allow": {"network": False}} if why == "forbidden" else {"typo": 1}
        under_policy(monkeypatch, tmp_path / "etc", content)
        for use in (
            converse,
            lambda: Listening(lambda _event: None).start(
                ReceiverSettings(True, allowed_ae_titles=("X",)), tmp_path
            ),
            lambda: require_cluster("tcp://192.0.2.7:8786", us_2d()),
        ):
            with pytest.raises(InputRefused) as refused:
                use()
            assert refused.value.code == "policy-network"
        said = refused.value.message.text()
        assert ("switched off" if why == "forbidden" else "cannot be understood") in said

    def test_no_diagnostic_bundle_is_written(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        under_policy(monkeypatch, tmp_path / "etc", {"allow": {"support_bundle": False}})
        with pytest.raises(InputRefused) as refused:
            write_bundle(tmp_path / "b.zip", tmp_path, tmp_path / "settings.json")
        assert refused.value.code == "policy-support-bundle"
        assert not (tmp_path / "b.zip").exists()

    @pytest.mark.parametrize(
        ("trust", "may"),
        [
            (PackTrust(Standing.SHIPPED, "d"), True),
            (PackTrust(Standing.UNSIGNED, "d", was_accepted=True), False),
            (PackTrust(Standing.UNKNOWN, "d", SIGNER, is_signed=True), True),
            (PackTrust(Standing.TRUSTED, "d", SIGNER, "Us", is_signed=True), True),
            (PackTrust(Standing.TRUSTED, "d", "cd" * 32, "Myself", is_signed=True), False),
            (PackTrust(Standing.UNKNOWN, "d", None, is_signed=True), False),
        ],
    )
    def test_only_packs_of_the_administrators_signers_can_be_used(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trust: PackTrust, may: bool
    ) -> None:
        trust.require()  # without a policy the user decides
        content = {
            "allow": {"unsigned_packs": False},
            "signers": {"Us": f"{SIGNER[:32]} {SIGNER[32:]}"},
        }
        under_policy(monkeypatch, tmp_path / "etc", content)
        if may:
            trust.require()
        else:
            with pytest.raises(PackRefused) as refused:
                trust.require()
            assert refused.value.code == "policy-unsigned-packs"

    @pytest.mark.parametrize(
        ("command", "name"), [("train", "x.h2pack"), ("train-enhancer", "x.h2enhancer")]
    )
    def test_training_is_refused_by_the_commands(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        command: str,
        name: str,
    ) -> None:
        under_policy(
            monkeypatch, tmp_path / "etc", {"allow": {"training": False}, "contact": "Ward 3"}
        )
        code = main([command, str(tmp_path), "--out", str(tmp_path / name), "--json"])
        error = json.loads(capsys.readouterr().out)["error"]
        assert (code, error["code"]) == (3, "policy-training")
        assert error["remedy"] == "Ask your administrator: Ward 3"

    def test_another_library_than_the_locked_one_is_refused_and_the_variable_does_not_count(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        locked = tmp_path / "locked"
        under_policy(monkeypatch, tmp_path / "etc", {"settings": {"library": str(locked)}})
        assert in_force.default_library_dir() == locked
        assert main(["library", "list", "--library", str(tmp_path / "other"), "--json"]) == 3
        assert json.loads(capsys.readouterr().out)["error"]["code"] == "policy-library"
        assert main(["library", "list", "--library", str(locked), "--json"]) == 0

    def test_a_process_of_its_own_is_under_it_too(self, tmp_path: Path) -> None:
        file = written_policy(tmp_path / "etc", {"allow": {"network": False}})
        done = run_under_policy(file, "pacs", "echo", "PACS@192.0.2.1:104", "--json")
        assert json.loads(done.stdout)["error"]["code"] == "policy-network"
        assert done.returncode == 3


def test_an_administrator_checks_a_file_before_installing_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = written_policy(tmp_path / "good", example())
    assert main(["policy", "check", str(good)]) == 0
    said = capsys.readouterr().out
    assert "The policy is understood." in said
    assert "Not allowed: network, training, unsigned_packs." in said
    bad = written_policy(tmp_path / "bad", {"alow": {}})
    assert main(["policy", "check", str(bad)]) == 3
    assert "alow is not known; allow is." in capsys.readouterr().out
    assert main(["policy", "check", str(tmp_path / "absent"), "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["ok"] is False
    assert read_policy(good).is_sound
