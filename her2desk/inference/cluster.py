"""Outlines measured by the workers of a Dask scheduler, on this or on other computers (ADR 0029).

What travels is Python's pickle, so an address has to be one that is trusted. Dask is loaded only
where an address is given.
"""

import queue
import re
import secrets
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from her2desk.errors import InputRefused
from her2desk.in_force import policy_in_force
from her2desk.inference.standing import NUMBERS, THREADS, Standing, one_thread, standing
from her2desk.policy import Allowance
from her2desk.radiomics.profile import Profile
from her2desk.texts import Message, msg

if TYPE_CHECKING:
    from distributed import Client, Future

ANSWER_S = 10.0  # for a scheduler to answer
WORKERS_S = 30.0  # how long it may have no worker; one that died starts anew in a few
POLL_S = 1.0
AHEAD = 2  # outlines sent to each worker; more would only fill the scheduler's memory
_ADDRESS = re.compile(r"(tcp|tls)://([^\s/:\[\]]+|\[[0-9a-fA-F:.]+\]):\d{1,5}")


@dataclass(frozen=True)
class Task:
    """One call, ``work(*given)``; it travels as one object, into which Dask does not look."""

    work: Callable[..., Any]
    given: tuple[Any, ...]


@dataclass(frozen=True)
class _Unlike:
    """A worker's answer where it would not get our numbers."""

    worker: str
    standing: Standing


def require_cluster(address: str, profile: Profile) -> None:
    """Raise ``InputRefused`` unless a scheduler answers whose workers measure as this process does."""
    with _connected(address) as client:
        _check_workers(client, address, standing(profile), profile)


def on_cluster(address: str, tasks: Sequence[Task], profile: Profile) -> Generator[Any, None, None]:
    """The result of each task as it is finished; closing it takes back the others.

    Only a worker whose ``standing`` is this process's is given work, also one that joins later. What
    a worker was doing when it died is done by another. Raises ``InputRefused`` in words for what the
    cluster lacks, and what a task raises.
    """
    with _connected(address) as client:
        ours = standing(profile)
        _check_workers(client, address, ours, profile)
        done: queue.SimpleQueue[Future] = queue.SimpleQueue()
        sent: dict[Any, Future] = {}
        unsent = iter(enumerate(tasks))
        run = f"her2desk-{secrets.token_hex(8)}"

        def send(count: int) -> None:
            for place, task in islice(unsent, count):
                future = _sent(client, ours, profile, task, f"{run}-{place}")
                sent[future.key] = future
                future.add_done_callback(done.put)

        try:
            send(AHEAD * _workers(client, address))
            while sent:
                future = _next_done(done, client, address)
                result = _result(future, client, address, ours)
                del sent[future.key]
                send(1)
                yield result
        finally:
            if sent and client.status == "running":
                client.cancel(list(sent.values()), force=True)


@contextmanager
def _connected(address: str) -> Iterator["Client"]:
    policy_in_force().require(Allowance.NETWORK)
    if not _ADDRESS.fullmatch(address):
        raise InputRefused(
            msg("“{address}” is not the address of a Dask scheduler.", address=address),
            msg("Give one such as tcp://192.0.2.7:8786, or tls:// where Dask has certificates."),
            code="scheduler-address",
        )
    try:
        from distributed import Client
    except ImportError as error:
        raise InputRefused(
            msg("Dask, through which other computers are reached, is not installed."),
            msg("Install it with: pip install 'her2desk[cluster]'."),
            code="cluster-missing",
        ) from error
    try:
        client = Client(address, timeout=ANSWER_S, set_as_default=False, name="her2desk")
    except TypeError as error:  # Dask's word for certificates that are missing
        raise InputRefused(
            msg("Dask has no certificates for {address}.", address=address),
            msg("Name them in Dask's own settings, under distributed.comm.tls."),
            code="scheduler-certificates",
        ) from error
    except (OSError, ValueError) as error:
        raise _unreachable(address) from error
    try:
        yield client
    finally:
        client.close(timeout=ANSWER_S)


def _check_workers(client: "Client", address: str, ours: Standing, profile: Profile) -> None:
    try:
        client.wait_for_workers(1, timeout=WORKERS_S)
    except TimeoutError:
        raise _without_workers(address) from None
    for worker, theirs in client.run(_standing_there, profile, on_error="return").items():
        if isinstance(theirs, OSError):  # it left meanwhile
            continue
        if not isinstance(theirs, Standing):
            raise _unusable(theirs)
        if theirs != ours:
            raise _unlike(_Unlike(worker, theirs), ours)


def _standing_there(profile: Profile, dask_worker: Any) -> Standing:
    one_thread()
    return standing(profile, dask_worker.state.nthreads)


def _as_here(ours: Standing, profile: Profile, task: Task) -> Any:
    from distributed import get_worker

    worker = get_worker()
    theirs = _standing_there(profile, worker)
    if theirs != ours:
        return _Unlike(worker.address, theirs)
    return task.work(*task.given)


def _sent(client: "Client", ours: Standing, profile: Profile, task: Task, key: str) -> "Future":
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sending large graph", UserWarning)  # a large picture
        return client.submit(_as_here, ours, profile, task, key=key, pure=False)


def _next_done(done: "queue.SimpleQueue[Future]", client: "Client", address: str) -> "Future":
    """The next finished task; raises ``InputRefused`` where nobody is left to finish one."""
    alone_since = None
    while True:
        try:
            return done.get(timeout=POLL_S)
        except queue.Empty:
            now = time.monotonic()
            alone_since = None if _workers(client, address) else alone_since or now
            if alone_since is not None and now - alone_since > WORKERS_S:
                raise _without_workers(address) from None


def _result(future: "Future", client: "Client", address: str, ours: Standing) -> Any:
    from distributed import CancelledError, KilledWorker

    while True:
        try:
            result = future.result(timeout=POLL_S)
            break
        except TimeoutError:  # the worker died with it; it is done again elsewhere
            _workers(client, address)
        except CancelledError as error:
            raise _unreachable(address) from error
        except ImportError as error:
            raise _unusable(error) from error
        except KilledWorker as error:
            raise InputRefused(
                msg("One outline ended several workers, one after another."),
                msg("Read what they logged: they may need more memory. --jobs measures here."),
                code="worker-died",
            ) from error
    if isinstance(result, _Unlike):
        raise _unlike(result, ours)
    return result


def _workers(client: "Client", address: str) -> int:
    try:
        return len(client.nthreads())
    except Exception as error:  # a lost connection has many names
        raise _unreachable(address) from error


def _unreachable(address: str) -> InputRefused:
    return InputRefused(
        msg("No Dask scheduler answers at {address}.", address=address),
        msg("Start one with “dask scheduler”, or check the address and the network."),
        code="scheduler-unreachable",
    )


def _without_workers(address: str) -> InputRefused:
    return InputRefused(
        msg("The Dask scheduler at {address} has no worker.", address=address),
        msg("Start some with: dask worker {address} --nworkers 4 --nthreads 1", address=address),
        code="scheduler-without-workers",
    )


def _unusable(error: BaseException) -> InputRefused:
    return InputRefused(
        msg("A worker of the cluster cannot measure ({kind}).", kind=type(error).__name__),
        msg("Install the Her2Desk of this computer there, with its extra “cluster”."),
        code="worker-unusable",
    )


def _unlike(worker: _Unlike, ours: Standing) -> InputRefused:
    """Which worker would not get our numbers, and why not."""
    difference = ours.first_difference(worker.standing)
    assert difference is not None
    name, own, other = difference
    return InputRefused(
        _how_unlike(worker.worker, name, own, other),
        msg("Start the worker with one thread: dask worker … --nworkers 4 --nthreads 1")
        if name == THREADS
        else msg("Nothing was measured there. Use workers that are installed as this computer is."),
        code="worker-differs",
    )


def _how_unlike(worker: str, name: str, own: str, other: str) -> Message:
    if name == THREADS:
        return msg("The worker at {worker} has {n} threads.", worker=worker, n=other)
    if name == NUMBERS:
        return msg("The worker at {worker} gets other numbers than this computer.", worker=worker)
    return msg(
        "The worker at {worker} has {name} {other}; this computer has {own}.",
        worker=worker, name=name, other=other, own=own,
    )  # fmt: skip
