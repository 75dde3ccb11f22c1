"""Features measured in a process of their own, for a window that must not load what measures them."""

import multiprocessing
import signal
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

from her2desk.agreement.cases import Pair, ReaderCase, common_cases, outlines_of
from her2desk.agreement.features import FeatureTable, feature_agreement, too_few
from her2desk.agreement.limits import MIN_CASES
from her2desk.domain.progress import Portion, Progress
from her2desk.errors import Her2DeskError
from her2desk.inference.child_answer import awaited
from her2desk.logs import logging_in_child
from her2desk.texts import Message, msg

READING_SHARE = 0.1
GRACE_S = 2.0


def features_in_process(
    cases: Sequence[ReaderCase],
    pair: Pair,
    profile_name: str,
    progress: Progress,
    *,
    minimum: int = MIN_CASES,
) -> FeatureTable:
    """``feature_agreement`` of the cases that both readers of ``pair`` outlined, in a child process.

    Frames are decoded in the calling thread, which waits; ``progress`` may raise ``Cancelled``, and
    the child is then ended. Raises what ``feature_agreement`` raises, and ``EngineFailed`` where the
    child dies.
    """
    common = common_cases(cases, pair)
    if len(common) < minimum:
        return FeatureTable(len(common), profile_name, note=too_few(len(common), minimum))
    progress.step(0, msg("Reading {n} images", n=len(common)))
    outlines = outlines_of(common, pair)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(
        target=_measure, args=(theirs, outlines, profile_name, minimum), daemon=True
    )
    child.start()
    theirs.close()
    try:
        return _answer(ours, Portion(progress, READING_SHARE, 1))
    finally:
        ours.close()
        child.terminate()
        child.join(GRACE_S)
        if child.is_alive():
            child.kill()
            child.join()


def _answer(pipe: Connection, progress: Progress) -> FeatureTable:
    """What the child finds; raises what it met."""
    answer = awaited(pipe, progress, msg("Measuring the features stopped unexpectedly."))
    if isinstance(answer, Her2DeskError):
        raise answer
    table: FeatureTable = answer
    return table


class _Told:
    """The child's progress, through the pipe."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def step(self, fraction: float, text: Message) -> None:
        """Tell the parent."""
        self._pipe.send(("progress", (fraction, text)))


def _measure(pipe: Connection, outlines: Any, profile_name: str, minimum: int) -> None:
    """The child; it logs beside the window."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when to stop
    with logging_in_child("features"):
        _send_measured(pipe, outlines, profile_name, minimum)


def _send_measured(pipe: Connection, outlines: Any, profile_name: str, minimum: int) -> None:
    """Everything that measures is imported here."""
    from her2desk.paths import default_cache_dir
    from her2desk.radiomics.feature_cache import FeatureCache
    from her2desk.radiomics.profile import named_profile

    try:
        table = feature_agreement(
            outlines,
            named_profile(profile_name),
            cache=FeatureCache(default_cache_dir() / "features"),
            progress=_Told(pipe),
            minimum=minimum,
        )
    except Her2DeskError as error:
        pipe.send(("done", error))
    else:
        pipe.send(("done", table))
