"""What a child does to itself is a sentence: it fails, crashes, hangs, or says nothing of use."""

import signal
import sys
from pathlib import Path

import pytest

from her2desk.diagnostics.children import Children, Ended, NoAnswer, how_it_ended

QUICK = (sys.executable, "-S", "-c")


def answer(code: str, limit_s: float = 30) -> dict[str, object]:
    return Children((*QUICK, code), limit_s).ask("networks")


def refusal(code: str, limit_s: float = 30) -> NoAnswer:
    with pytest.raises(NoAnswer) as raised:
        answer(code, limit_s)
    assert raised.value.remedy.text()
    return raised.value


def test_the_answer_is_the_one_object_that_it_prints() -> None:
    assert answer("""print('{"version": "1.0"}')""") == {"version": "1.0"}


def test_it_is_told_which_part_to_do() -> None:
    assert answer("import json, sys; print(json.dumps({'asked': sys.argv[1:]}))") == {
        "asked": ["doctor", "--part", "networks"]
    }


def test_a_library_that_cannot_be_imported_is_named() -> None:
    said = refusal("""print('{"problem": "no module torch", "kind": "ImportError"}')""")
    assert said.message.text() == "It does not load (ImportError): no module torch"
    assert "Install Her2Desk again" in said.remedy.text()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")
def test_a_crash_is_a_sentence() -> None:
    said = refusal("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    assert said.message.text() == "It ended its process at once (SIGSEGV)."
    assert said.ended.code == -signal.SIGSEGV


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")
def test_a_processor_without_the_instructions_is_named() -> None:
    said = refusal("import os, signal; os.kill(os.getpid(), signal.SIGILL)")
    assert "AVX" in said.message.text()


def test_what_hangs_is_given_up() -> None:
    said = refusal("import time; time.sleep(60)", limit_s=0.3)
    assert "did not load within" in said.message.text()


@pytest.mark.parametrize("code", ["print('x')", "print('[]')", "print()"])
def test_an_answer_that_is_none_is_refused(code: str) -> None:
    assert "does not load" in refusal(code).message.text()


def test_the_last_words_are_told() -> None:
    said = refusal("import sys; sys.exit('first\\nOSError: the disk is gone\\n')")
    assert said.message.text() == "It does not load: OSError: the disk is gone"


def test_a_program_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NoAnswer, match="could not be started"):
        Children((str(tmp_path / "absent"),)).ask("networks")


def test_a_signal_without_a_name_is_told_by_its_number() -> None:
    assert how_it_ended(Ended(-99, "")).text() == "It ended its process at once (99)."
