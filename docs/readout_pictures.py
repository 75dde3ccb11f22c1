"""The user guide's pictures of the answer and of the local audit: simulated patients only."""

import tempfile
from pathlib import Path

import numpy as np
from imaging_pictures import Camera

from benchmarks.audit_ward import fill, patients, scores
from her2desk.ui.rehearsal import Rehearsal

AUDIT_SIZE = (1120, 720)
WARD = 90
PROMISED, TRUE = 0.9, 0.72  # AUC: this ward's pack has fallen behind


def readout_pictures(rehearsal: Rehearsal, camera: Camera) -> None:
    """No call and why; the local audit of a pack that has fallen behind."""
    _no_call(rehearsal, camera)
    _audit(rehearsal, camera)


def _no_call(rehearsal: Rehearsal, camera: Camera) -> None:
    window = rehearsal.window
    rehearsal.draw()
    rehearsal.answer()
    rehearsal.band()
    window.result.operating_point_chosen.emit("specificity95")
    camera.take("no-call-dark")
    window.result.operating_point_chosen.emit("youden")


def _audit(rehearsal: Rehearsal, camera: Camera) -> None:
    opened = rehearsal.window.session.pack
    assert opened is not None
    rng = np.random.default_rng(11)
    prevalence = opened.pack.manifest.prevalence
    drawn = scores(rng, WARD, promised=PROMISED, true=TRUE, prevalence=prevalence)
    with tempfile.TemporaryDirectory() as folder:
        fill(rehearsal.library, Path(folder), patients(opened.pack, *drawn, rng=rng))
    window = rehearsal.window.tools.audit.open()
    window.resize(*AUDIT_SIZE)
    rehearsal.wait_until(lambda: window.performance.figures.isVisible())
    camera.take("audit-dark", window)
    window.close()
