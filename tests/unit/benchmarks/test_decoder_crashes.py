"""The measurement of decoders is fair: damage is repeatable, and what does harm is counted."""

import random
from pathlib import Path

import pytest

from benchmarks import decoder_crashes
from benchmarks.decoder_crashes import damaged, measure, seeds
from her2desk.dicom.codestream import is_complete
from her2desk.dicom.header import RLE

pytestmark = pytest.mark.data

BAD_DECODER = """
import os, signal
from PIL import Image
really, calls = Image.open, []
def opened(*arguments, **more):
    calls.append(1)
    if len(calls) == 3:
        {harm}
    return really(*arguments, **more)
Image.open = opened
"""


@pytest.fixture(autouse=True)
def only_here(test_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HER2DESK_TEST_DATA", str(test_data))


@pytest.mark.parametrize("codec", ["jpeg", "jpeg-ls", "jpeg-2000", "htj2k", "rle", "nifti"])
def test_frames_are_sound_and_damage_is_repeatable(codec: str) -> None:
    for seed in seeds(codec)[-3:]:
        decoder_crashes.decode(seed.content, seed.layout)
        one, again = (damaged(seed, random.Random(7)) for _ in range(2))
        assert one == again != seed.content
        if seed.layout is not None and seed.layout.syntax != RLE:
            assert is_complete(one)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("harm", "outcome"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "crash"),
        ("while True: pass", "hang"),
        ("opened.kept = bytearray(2_200_000_000)", "memory"),
    ],
)
def test_a_decoder_that_does_harm_is_counted_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str, outcome: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(BAD_DECODER.format(harm=harm))
    root = Path(__file__).parents[3]
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{root}")
    found = measure("raster-jpeg", 4, strict=False)
    assert (
        found.outcomes[outcome] == 2
    )  # every third picture that a child opens, its first included
    assert sum(found.outcomes.values()) == 4
    assert [what.split()[0] for _, what in found.harmful] == [outcome] * 2
