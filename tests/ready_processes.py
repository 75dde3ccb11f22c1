"""Processes whose imports were made before; in all else they are what they are.

What an engine or a command loads takes seconds of work, and hundreds of tests have one. Here all of
it is loaded once, by a process that the others are forked from. That they start from nothing is shown
where one is started for its own sake: tests/unit/inference/test_engine.py, tests/unit/dicom,
tests/unit/reports, and by a command or two of each file in tests/e2e.
"""

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import NamedTuple

import pytest

CAN_FORK = "forkserver" in multiprocessing.get_all_start_methods()
LOADED = (
    "her2desk.cli.app",
    "her2desk.dicom.reader",
    "her2desk.inference.assist.work",
    "her2desk.inference.engine_work",
    "her2desk.inference.explain",
    "her2desk.inference.stability",
    "radiomics.featureextractor",
    "scipy.stats",
    "pywt",
)


class ReadyProcess(ForkServerProcess):
    """A forked process that has the environment of the test that starts it."""

    def __init__(self, *arguments, **options) -> None:
        super().__init__(*arguments, **options)
        self.environment = dict(os.environ)

    def run(self) -> None:
        os.environ.clear()
        os.environ.update(self.environment)
        super().run()


class ReadyContext(ForkServerContext):
    Process = ReadyProcess


def ready_context() -> ReadyContext:
    context = ReadyContext()
    context.set_forkserver_preload(list(LOADED))
    return context


def start_ready(monkeypatch: pytest.MonkeyPatch, *modules: ModuleType) -> None:
    """Fork what these modules would spawn from now on, where the system can fork."""
    if not CAN_FORK:
        return
    context = ready_context()

    def get_context(method: str) -> ReadyContext:
        assert method == "spawn"
        return context

    for module in modules:
        if hasattr(module, "get_context"):
            monkeypatch.setattr(module, "get_context", get_context)
        else:
            monkeypatch.setattr(module, "multiprocessing", SimpleNamespace(get_context=get_context))


class Done(NamedTuple):
    """What a command gave, as ``subprocess.run`` says it."""

    returncode: int
    stdout: str
    stderr: str


def run_her2desk(*arguments: object, environment: Mapping[str, str] | None = None) -> Done:
    """``her2desk`` in a process of its own that has its imports made, its output not a terminal."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = ready_context().Process(
            target=_command, args=([str(argument) for argument in arguments], str(out), str(err))
        )
        process.environment.update(environment or {})
        process.start()
        process.join()
        code = process.exitcode
        process.close()
        return Done(code, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))


def _command(arguments: list[str], out: str, err: str) -> None:
    for number, name in enumerate((os.devnull, out, err)):
        handle = os.open(name, os.O_RDWR | os.O_CREAT)
        os.dup2(handle, number)
        os.close(handle)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    sys.argv = ["her2desk", *arguments]
    from her2desk.__main__ import main

    sys.exit(main())
