"""``her2desk deidentify`` as a script calls it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.ready_processes import run_her2desk

MASKS = {"schema": 1, "masks": []}


def her2desk(*arguments: str | Path, text: bool = False) -> tuple[int, Any, str]:
    """Run the program; gives exit code, the JSON document (or the text), and standard error."""
    options = [] if text else ["--json"]
    done = run_her2desk(*arguments, *options)
    return done.returncode, done.stdout if text else json.loads(done.stdout), done.stderr


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The images of two simulated patients, and a file that is none."""
    folder = tmp_path_factory.mktemp("phantoms") / "cohort"
    code, _, _ = her2desk("phantom", folder, "--patients", "2", "--seed", "7")
    assert code == 0
    (folder / "images" / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM")
    return folder / "images"


def test_files_are_copied_and_listed(images: Path, tmp_path: Path) -> None:
    out, table = tmp_path / "out", tmp_path / "map.csv"
    code, document, err = her2desk("deidentify", images, out, "--map", table)
    assert (code, err) == (3, "")  # one was refused, and nobody has looked at the others
    assert document["counts"] == {"clean": 0, "not-verified": 2, "refused": 1}
    assert document["options"] == [
        "clean-pixel-data", "retain-device-identity", "retain-modified-dates",
    ]  # fmt: skip
    written = [file for file in document["files"] if file["output"]]
    assert all((out / file["output"]).is_file() for file in written)
    assert {Path(file["source"]).parent for file in document["files"]} == {images}
    assert Path(document["report"]["html"]).is_file()
    assert len(table.read_text().splitlines()) == 3


def test_the_same_library_gives_the_same_pseudonyms(images: Path, tmp_path: Path) -> None:
    _, first, _ = her2desk("deidentify", images, tmp_path / "one")
    _, second, _ = her2desk("deidentify", images, tmp_path / "two")
    assert [f["output"] for f in first["files"]] == [f["output"] for f in second["files"]]
    _, third, _ = her2desk("deidentify", images, tmp_path / "3", "--library", tmp_path / "other")
    assert third["key_fingerprint"] != first["key_fingerprint"]


def test_a_key_masks_boxes_and_options_can_be_given(images: Path, tmp_path: Path) -> None:
    key, masks = tmp_path / "key", tmp_path / "masks.json"
    key.write_text("ab" * 32)
    masks.write_text(json.dumps(MASKS))
    code, document, _ = her2desk(
        "deidentify", images, tmp_path / "out", "--key", key, "--masks", masks,
        "--mask", "0,0,50,20", "--mask", "60,0,90,20", "--profile-options", "clean-pixel-data",
    )  # fmt: skip
    assert code == 3
    assert document["options"] == ["clean-pixel-data"]
    done = next(file for file in document["files"] if file["output"])
    assert done["boxes_blackened"][-2:] == [[0, 0, 50, 20], [60, 0, 90, 20]]


def test_the_basic_profile_alone(images: Path, tmp_path: Path) -> None:
    _, document, _ = her2desk("deidentify", images, tmp_path / "out", "--profile-options", "none")
    assert document["options"] == []
    assert "removed" in document["dates"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--profile-options", "retain-names"], "unknown-option"),
        (["--profile-options", ","], "unknown-option"),
        (["--mask", "1,2,3"], "bad-mask"),
        (["--mask", "left"], "bad-mask"),
        (["--masks", "absent.json"], "masks-unreadable"),
        (["--key", "absent.key"], "key-unreadable"),
        (["--map", "out/map.csv"], "map-place"),
    ],
)
def test_what_makes_no_sense_is_refused(
    images: Path, tmp_path: Path, arguments: list[str], code: str
) -> None:
    option, value = arguments
    if option in ("--map", "--masks", "--key"):
        value = str(tmp_path / value)
    exit_code, document, _ = her2desk("deidentify", images, tmp_path / "out", option, value)
    assert exit_code == 3
    assert document["error"]["code"] == code
    assert not (tmp_path / "out").exists()


def test_copies_among_the_originals_are_refused(images: Path) -> None:
    code, document, _ = her2desk("deidentify", images, images / "copies")
    assert (code, document["error"]["code"]) == (3, "destination-inside")


def test_people_get_words(images: Path, tmp_path: Path) -> None:
    table = tmp_path / "map.csv"
    code, out, err = her2desk("deidentify", images, tmp_path / "out", "--map", table, text=True)
    assert (code, err) == (3, "")
    assert "not verified" in out
    assert "refused: " in out
    assert "3 files: 0 clean, 2 not verified, 1 refused." in out
    assert "keep it apart from the copies" in out


def test_files_that_a_person_confirmed_are_clean_and_exit_0(images: Path, tmp_path: Path) -> None:
    from her2desk.dicom.deidentify.masks import Mask, MaskBook, masks_path, save_masks
    from her2desk.dicom.deidentify.preview import confirmed, load_preview, survey
    from her2desk.domain.progress import SilentProgress

    book, library = MaskBook(), tmp_path / "library"
    good = next(path for path in images.iterdir() if path.name != "broken.dcm")
    for group in survey([good], tmp_path, SilentProgress()).groups:
        seen = [load_preview(file, group.scanner) for file in group.files]
        book = confirmed(book, group.scanner, Mask(), seen, "Reader A")
    save_masks(masks_path(library), book)
    code, document, _ = her2desk("deidentify", good, tmp_path / "out", "--library", library)
    assert (code, document["counts"]["clean"]) == (0, 1)
