"""A real archive for one run of the tests: Orthanc on free loopback ports, with a folder of its own."""

import json
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from her2desk.dicom.pacs.nodes import RemoteNode, TlsChoice

PROGRAM = "Orthanc"
TITLE = "ORTHANC"
START_S = 60.0
MEMORY = Path("/dev/shm")  # no test waits for the disk of an archive that it throws away


def orthanc_program() -> str | None:
    return shutil.which(PROGRAM) or shutil.which(PROGRAM, path="/usr/sbin:/usr/local/sbin")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Orthanc:
    """``receiver_port`` is where it believes HER2DESK to listen."""

    port: int
    http_port: int
    receiver_port: int

    def node(self, port: int | None = None, tls: TlsChoice | None = None) -> RemoteNode:
        return RemoteNode("Archive", TITLE, "127.0.0.1", port or self.port, tls)

    def get(self, path: str) -> Any:
        return json.loads(self._ask(path))

    def file(self, instance: str) -> bytes:
        return self._ask(f"instances/{instance}/file")

    def instances(self) -> list[str]:
        return list(self.get("instances"))

    def uids(self) -> list[str]:
        tags = (self.get(f"instances/{i}/simplified-tags") for i in self.instances())
        return sorted(tag["SOPInstanceUID"] for tag in tags)

    def store_at(self, modality: str, instances: Sequence[str]) -> Any:
        """Have it send instances to ``modality``."""
        return json.loads(self._ask(f"modalities/{modality}/store", json.dumps(instances).encode()))

    def empty(self) -> None:
        for patient in self.get("patients"):
            self._ask(f"patients/{patient}", method="DELETE")

    def _ask(self, path: str, data: bytes | None = None, method: str | None = None) -> bytes:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http_port}/{path}", data=data, method=method
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return bytes(answer.read())


@contextmanager
def running_orthanc(program: str, folder: Path, **settings: Any) -> Iterator[Orthanc]:
    """Orthanc while the block runs; it is surely stopped after it."""
    place = MEMORY if MEMORY.is_dir() else folder
    with (
        tempfile.TemporaryDirectory(dir=place) as storage,
        _running(program, folder, Path(storage), settings) as orthanc,
    ):
        yield orthanc


@contextmanager
def _running(
    program: str, folder: Path, storage: Path, settings: dict[str, Any]
) -> Iterator[Orthanc]:
    ports = Orthanc(free_port(), free_port(), free_port())
    configuration = {
        "StorageDirectory": str(storage),
        "IndexDirectory": str(storage),
        "SyncStorageArea": False,  # nobody pulls the plug of a test
        "Plugins": [],
        "DefaultEncoding": "Utf8",  # of its answers; Latin1 has no Chinese
        "DicomAet": TITLE,
        "DicomPort": ports.port,
        "DicomCheckCalledAet": True,
        "HttpPort": ports.http_port,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomAlwaysAllowEcho": True,
        "DicomAlwaysAllowStore": True,
        "DicomAlwaysAllowFind": True,
        "DicomAlwaysAllowGet": True,
        "UnknownSopClassAccepted": True,
        "TranscodeDicomProtocol": False,
        "DicomModalities": {
            "her2desk": ["HER2DESK", "127.0.0.1", ports.receiver_port],
            "stranger": {
                "AET": "HER2DESK",
                "Host": "127.0.0.1",
                "Port": ports.receiver_port,
                "LocalAet": "STRANGER",
            },
        },
        **settings,
    }
    path = folder / "orthanc.json"
    path.write_text(json.dumps(configuration))
    with (folder / "orthanc.log").open("wb") as log:
        process = subprocess.Popen([program, path], stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait_for(ports, process, folder / "orthanc.log")
            yield ports
        finally:
            process.kill()  # what it holds is thrown away, and an orderly end takes seconds
            process.wait()


def _wait_for(orthanc: Orthanc, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        try:
            orthanc.get("system")
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.05)  # nothing tells that another program has begun to listen
        else:
            return
    raise RuntimeError(f"Orthanc did not start: {log.read_text(errors='replace')[-2000:]}")
