"""The workers of a Dask scheduler: the same numbers, only where they would be, and in words if not."""

import dataclasses
import os
import signal
from contextlib import contextmanager

import numpy as np
import pytest

from her2desk.domain.progress import SilentProgress
from her2desk.errors import Cancelled, InputRefused
from her2desk.inference import cluster
from her2desk.inference.cluster import require_cluster
from her2desk.inference.cohort import case_of_row, read_cohort
from her2desk.inference.measuring import Outline, measure_outlines
from her2desk.inference.standing import NUMBERS, Standing, standing
from her2desk.phantoms.cohort import write_cohort
from her2desk.radiomics.extract import all_names
from her2desk.radiomics.feature_cache import FeatureCache
from her2desk.radiomics.profile import us_2d

PROFILE = us_2d(uncalibrated="as-if", assumed_mm=0.1).model_copy(
    update={"image_types": ("Original", "Square"), "log_sigmas": ()}
)
NAMES = all_names(PROFILE)
NOBODY = "tcp://127.0.0.1:9"  # the port on which everything is discarded

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # Dask's own, of its sockets


@contextmanager
def workers(n, threads=1, **options):
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=n,
        threads_per_worker=threads,
        dashboard_address="127.0.0.1:0",
        **options,
    ) as local:
        yield local


@pytest.fixture(scope="module")
def two_workers():
    with workers(2) as local:
        yield local


@pytest.fixture(scope="module")
def outlines(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cluster")
    write_cohort(folder, 3, 5)
    rows = read_cohort(folder)
    cases = [case_of_row(row) for row in rows]
    return [
        Outline.on(row.patient_id, case, case.roi) for row, case in zip(rows, cases, strict=True)
    ]


def measured(outlines, scheduler=None, *, cache=None, progress=None):
    return measure_outlines(
        outlines,
        PROFILE,
        NAMES,
        cache=cache,
        jobs=1,
        progress=progress or SilentProgress(),
        scheduler=scheduler,
    )


class StopAtTheFirst:
    def step(self, fraction, text):
        raise Cancelled


def test_two_workers_get_the_numbers_of_one_process_to_the_last_bit(two_workers, outlines):
    alone = measured(outlines)
    assert measured(outlines, two_workers.scheduler_address).tobytes() == alone.tobytes()


def test_what_is_known_already_asks_no_scheduler(outlines, tmp_path):
    cache = FeatureCache(tmp_path)
    alone = measured(outlines[:1], cache=cache)
    assert measured(outlines[:1], NOBODY, cache=cache).tobytes() == alone.tobytes()


def test_no_patient_is_named_to_the_workers(two_workers, outlines, monkeypatch):
    told = []

    def listening(client, ours, profile, task, key):
        told.append((task, key))
        return sent(client, ours, profile, task, key)

    sent = cluster._sent
    monkeypatch.setattr(cluster, "_sent", listening)
    measured(outlines[:1], two_workers.scheduler_address)
    [(task, key)] = told
    [(_, outline)] = task.given[0]
    assert outline.patient == ""
    assert outlines[0].patient not in key


def test_an_outline_that_cannot_be_measured_is_refused_with_its_patient(two_workers, outlines):
    small = np.zeros_like(outlines[1].mask)
    small[10:12, 10:20] = True
    broken = [outlines[0], dataclasses.replace(outlines[1], mask=small)]
    with pytest.raises(InputRefused, match=f"Patient {outlines[1].patient}: ") as refused:
        measured(broken, two_workers.scheduler_address)
    assert refused.value.code == "roi-too-small"


def test_stopping_takes_back_what_was_not_begun(two_workers, outlines):
    with pytest.raises(Cancelled):
        measured(outlines * 4, two_workers.scheduler_address, progress=StopAtTheFirst())
    assert not two_workers.scheduler.tasks


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("numpy", "99.0", "has numpy {here}; this computer has 99.0"),
        ("Her2Desk", "99 (1)", "this computer has 99 (1)"),
        (NUMBERS, "other", "gets other numbers than this computer"),
    ],
)
def test_a_worker_that_would_get_other_numbers_is_refused_before_it_has_work(
    two_workers, outlines, monkeypatch, name, value, said
):
    ours = dict(standing(PROFILE).said)
    other = Standing(tuple({**ours, name: value}.items()))
    monkeypatch.setattr(cluster, "standing", lambda _profile: other)
    monkeypatch.setattr(cluster, "_sent", must_not_run)
    with pytest.raises(InputRefused) as refused:
        measured(outlines, two_workers.scheduler_address)
    assert refused.value.code == "worker-differs"
    assert said.format(here=ours.get(name)) in str(refused.value)


def must_not_run(*_args, **_kwargs):
    raise AssertionError


def test_a_worker_that_joined_later_is_held_to_it_too(two_workers, outlines, monkeypatch):
    ours = dict(standing(PROFILE).said)
    other = Standing(tuple({**ours, "scipy": "99.0"}.items()))
    monkeypatch.setattr(cluster, "standing", lambda _profile: other)
    monkeypatch.setattr(cluster, "_check_workers", lambda *_: None)
    with pytest.raises(InputRefused, match="has scipy") as refused:
        measured(outlines, two_workers.scheduler_address)
    assert refused.value.code == "worker-differs"


def test_a_scheduler_that_does_not_answer_is_a_sentence(monkeypatch):
    monkeypatch.setattr(cluster, "ANSWER_S", 0.2)
    with pytest.raises(InputRefused, match=f"No Dask scheduler answers at {NOBODY}") as refused:
        require_cluster(NOBODY, PROFILE)
    assert refused.value.code == "scheduler-unreachable"


@pytest.mark.parametrize(
    "address", ["", "here", "http://127.0.0.1:80", "tcp://host", "tcp://a b:1"]
)
def test_what_is_no_address_is_a_sentence(address):
    with pytest.raises(InputRefused) as refused:
        require_cluster(address, PROFILE)
    assert refused.value.code == "scheduler-address"


def test_tls_without_certificates_is_a_sentence():
    with pytest.raises(InputRefused, match="no certificates") as refused:
        require_cluster("tls://127.0.0.1:9", PROFILE)
    assert refused.value.code == "scheduler-certificates"


def test_a_scheduler_without_workers_is_a_sentence(monkeypatch):
    monkeypatch.setattr(cluster, "WORKERS_S", 0.2)
    with workers(0) as local, pytest.raises(InputRefused, match="has no worker") as refused:
        require_cluster(local.scheduler_address, PROFILE)
    assert refused.value.code == "scheduler-without-workers"


def test_a_worker_of_several_threads_is_refused():
    with (
        workers(1, threads=2, processes=False, protocol="tcp") as local,
        pytest.raises(InputRefused) as refused,
    ):
        require_cluster(local.scheduler_address, PROFILE)
    assert "has 2 threads" in str(refused.value)
    assert "--nthreads 1" in str(refused.value)


class KillsAtTheFirst:
    """Ends a worker's process as soon as one outline is finished."""

    def __init__(self, pid, then=lambda: None):
        self._pid = pid
        self._then = then

    def step(self, fraction, text):
        if self._pid is not None:
            os.kill(self._pid, signal.SIGKILL)
            self._pid = None
            self._then()


@pytest.mark.slow
def test_what_a_killed_worker_was_doing_is_done_by_another(outlines):
    alone = measured(outlines * 3)
    with workers(2) as local:
        killer = KillsAtTheFirst(next(iter(local.workers.values())).pid)
        found = measured(outlines * 3, local.scheduler_address, progress=killer)
    assert found.tobytes() == alone.tobytes()


@pytest.mark.slow
def test_when_the_last_worker_is_gone_it_is_said(outlines, monkeypatch):
    def wait_for_nobody():
        monkeypatch.setattr(cluster, "WORKERS_S", 0)
        monkeypatch.setattr(cluster, "POLL_S", 0.1)

    with workers(1) as local:
        [nanny] = local.workers.values()
        killer = KillsAtTheFirst(nanny.pid, wait_for_nobody)
        with pytest.raises(InputRefused) as refused:
            measured(outlines * 3, local.scheduler_address, progress=killer)
    assert refused.value.code == "scheduler-without-workers"


@pytest.mark.slow
def test_when_the_scheduler_is_gone_it_is_said(outlines, monkeypatch):
    monkeypatch.setattr(cluster, "ANSWER_S", 0.5)
    with workers(1) as local:
        address = local.scheduler_address
        killer = KillsAtTheFirst(next(iter(local.workers.values())).pid, local.close)
        with pytest.raises(InputRefused) as refused:
            measured(outlines * 3, address, progress=killer)
    assert refused.value.code == "scheduler-unreachable"
