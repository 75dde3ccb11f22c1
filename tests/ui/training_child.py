"""Plays ``her2desk train`` in the tests: says what a scene file tells it to, and waits when told to.

A scene is JSON: ``check`` and ``train``, each with ``err`` (lines), ``out`` (a document or raw text),
``code``, ``worker`` (start another process) and ``then``: "wait" for SIGTERM (the end) or SIGUSR1 (go on),
"ignore" both, or "crash".
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path


def main() -> int:
    folder = Path(sys.argv[1])
    arguments = sys.argv[2:]
    kind = "check" if "--check" in arguments else "train"
    scene = json.loads((folder / "scene.json").read_text(encoding="utf-8"))[kind]
    calls = folder / f"{kind}.calls"
    with calls.open("a", encoding="utf-8") as file:
        file.write(json.dumps(arguments) + "\n")
    then = scene.get("then", "")
    wanted = {signal.SIGTERM, signal.SIGUSR1}
    signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
    if scene.get("worker"):
        code = "import signal; signal.pthread_sigmask(signal.SIG_UNBLOCK, {15}); signal.pause()"
        worker = subprocess.Popen([sys.executable, "-c", code])
        (folder / "worker.pid").write_text(str(worker.pid))
    sys.stderr.buffer.write(scene.get("raw_err", "").encode("utf-8", "surrogateescape"))
    for line in scene.get("err", []):
        sys.stderr.write((line if isinstance(line, str) else json.dumps(line)) + "\n")
    sys.stderr.flush()
    if then == "ignore":
        while True:
            signal.sigwait(wanted)
    if then == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if then == "wait" and signal.sigwait(wanted) == signal.SIGTERM:
        return 130
    out = scene.get("out", "")
    sys.stdout.write(out if isinstance(out, str) else json.dumps(out))
    return int(scene.get("code", 0))


if __name__ == "__main__":
    sys.exit(main())
