"""Which pictures an enhancer is trained on, whose they are, and what is said of the others."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from her2desk.domain.progress import SilentProgress
from her2desk.enhancement.enhancer import grey_sha256
from her2desk.errors import InputRefused
from her2desk.phantoms.files import PatientHeader, write_still
from her2desk.phantoms.patient import picture_region
from her2desk.phantoms.scanner import SCANNERS
from her2desk.training.enhancer_images import (
    EnhancerImages,
    held_out_patients,
    read_images,
)

SCANNER = SCANNERS[1]


def texture(seed: int, rows: int = 200, columns: int = 220) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(rows, columns))
    return np.clip(110 + 90 * gaussian_filter(noise, (0.7, 1.2)) * 3, 0, 255).astype(np.uint8)


def read(folder: Path) -> EnhancerImages:
    return read_images(folder, SilentProgress())


def refused(folder: Path) -> InputRefused:
    with pytest.raises(InputRefused) as caught:
        read(folder)
    return caught.value


def table(folder: Path, rows: list[tuple[str, str]]) -> Path:
    lines = ["patient_id,image", *(",".join(row) for row in rows)]
    (folder / "cohort.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def ward(tmp_path: Path) -> Path:
    """Four patients with a picture each, and a table without outlines and labels."""
    for n in range(4):
        Image.fromarray(texture(n)).save(tmp_path / f"{n}.png")
    return table(tmp_path, [(f"P{n}", f"{n}.png") for n in range(4)])


def dicom(folder: Path, n: int, patient: str) -> Path:
    screen = np.zeros((SCANNER.rows, SCANNER.columns), np.uint8)
    region = picture_region(SCANNER)
    screen[region.y0 : region.y1 + 1, region.x0 : region.x1 + 1] = texture(
        n, SCANNER.picture_rows, SCANNER.picture_columns
    )
    header = PatientHeader(patient, "Test^Person", 50, "L", f"study {n}")
    path = folder / f"{n}.dcm"
    write_still(path, screen, header, SCANNER, [region])
    return path


def test_a_table_without_outlines_and_labels_is_enough(ward: Path) -> None:
    images = read(ward)
    assert images.patients == ("P0", "P1", "P2", "P3")
    assert images.left_out == ()
    first = images.samples[0]
    assert np.array_equal(first.pixels, texture(0))
    assert first.frame_sha256 == grey_sha256(texture(0))


def test_dicom_files_name_their_patients_and_the_picture_is_cut_from_the_screen(
    tmp_path: Path,
) -> None:
    for n in range(5):
        dicom(tmp_path, n, f"P{n // 2 if n < 4 else 9}" if n else "P7")
    (tmp_path / "notes.txt").write_text("not a picture")
    images = read(tmp_path)
    assert images.patients == ("P0", "P1", "P7", "P9")
    assert images.samples[0].pixels.shape == (SCANNER.picture_rows, SCANNER.picture_columns)
    assert np.array_equal(
        images.samples[0].pixels, texture(1, SCANNER.picture_rows, SCANNER.picture_columns)
    )


def test_a_dicom_file_of_nobody_is_refused_by_name(tmp_path: Path) -> None:
    for n in range(4):
        path = dicom(tmp_path, n, f"P{n}")
    data = pydicom.dcmread(path)
    data.PatientID = " "
    data.save_as(path)
    refusal = refused(tmp_path)
    assert refusal.code == "patient-unknown"
    assert refusal.message.text().startswith("3.dcm has no PatientID")
    assert "cohort.csv" in refusal.remedy.text()


def test_png_files_without_a_table_are_refused_with_how_to_write_one(ward: Path) -> None:
    (ward / "cohort.csv").unlink()
    refusal = refused(ward)
    assert refusal.code == "patient-unknown"
    assert "PNG and JPEG cannot" in refusal.message.text()
    assert "columns patient_id and image" in refusal.remedy.text()


def coloured(path: Path) -> None:
    pixels = np.repeat(texture(8)[..., None], 3, axis=2)
    pixels[60:140, 60:160] = 230, 40, 30
    Image.fromarray(pixels).save(path)


def small(path: Path) -> None:
    Image.fromarray(texture(8, 150, 220)).save(path)


def black(path: Path) -> None:
    pixels = np.zeros((200, 220), np.uint8)
    pixels[:30] = texture(8, 30)
    Image.fromarray(pixels).save(path)


def magnified(path: Path) -> None:
    image = Image.fromarray(texture(8, 100, 110))
    image.resize((330, 300), Image.Resampling.BICUBIC).save(path)


def broken(path: Path) -> None:
    path.write_bytes(b"\x89PNG\r\n\x1a\n and no more")


def absent(path: Path) -> None:
    path.unlink(missing_ok=True)


BAD = {
    "picture-colour": (coloured, "The picture is coloured."),
    "picture-small": (small, "The picture has 220 × 150 pixels; each side needs at least 176."),
    "picture-black": (black, "The picture is nearly black."),
    "picture-magnified": (magnified, "The picture looks magnified about ×"),
    "malformed": (broken, ""),
    "unreadable-file": (absent, ""),
}


@pytest.mark.parametrize("code", BAD)
def test_a_picture_that_teaches_nothing_right_is_left_out_by_name(ward: Path, code: str) -> None:
    make, sentence = BAD[code]
    make(ward / "bad.png")
    table(ward, [*((f"P{n}", f"{n}.png") for n in range(4)), ("P8", "bad.png")])
    images = read(ward)
    assert len(images.samples) == 4
    (left,) = images.left_out
    assert (left.image, left.code) == ("bad.png", code)
    assert left.reason.text().startswith(sentence)
    assert left.reason.text()


def test_too_few_patients_are_refused_and_the_first_that_was_left_out_is_named(ward: Path) -> None:
    small(ward / "2.png")
    refusal = refused(ward)
    assert refusal.code == "too-few-patients"
    assert refusal.message.text().endswith("at least 4 patients; here are 3.")
    assert refusal.remedy.text().startswith("1 file was left out; 2.png: The picture has 220")


def test_the_same_picture_twice_counts_once(ward: Path) -> None:
    Image.fromarray(texture(2)).save(ward / "again.png")
    table(ward, [*((f"P{n}", f"{n}.png") for n in range(4)), ("P2", "again.png")])
    images = read(ward)
    assert len(images.samples) == 4
    assert images.left_out[0].code == "picture-twice"
    assert images.left_out[0].reason.text() == "It is the same picture as 2.png."


def test_the_same_picture_of_two_patients_is_refused(ward: Path) -> None:
    Image.fromarray(texture(2)).save(ward / "again.png")
    table(ward, [*((f"P{n}", f"{n}.png") for n in range(4)), ("P7", "again.png")])
    refusal = refused(ward)
    assert refusal.code == "same-picture"
    assert refusal.message.text() == "2.png and again.png are the same picture, of two patients."


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda f: (f / "cohort.csv").write_text("patient_id,file\nP1,0.png\n"), "cohort-table"),
        (lambda f: table(f, [("", "0.png")]), "cohort-row"),
        (lambda f: table(f, [("P1", "../0.png")]), "cohort-row"),
    ],
)
def test_a_table_that_cannot_be_right_is_refused(
    ward: Path, spoil: Callable[[Path], object], code: str
) -> None:
    spoil(ward)
    assert refused(ward).code == code


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "nowhere").code == "images-folder"


def test_patients_are_held_out_whole_and_the_same_for_the_same_seed(ward: Path) -> None:
    for n in range(4, 12):
        Image.fromarray(texture(n)).save(ward / f"{n}.png")
    images = read(table(ward, [(f"P{n // 2}", f"{n}.png") for n in range(12)]))
    learnt, apart = held_out_patients(images, 0.3, 5)
    assert len(learnt) + len(apart) == 12
    assert not {s.patient for s in learnt} & {s.patient for s in apart}
    assert len({s.patient for s in apart}) == 2
    again = held_out_patients(images, 0.3, 5)[1]
    assert [s.patient for s in again] == [s.patient for s in apart]
    others = {tuple(s.patient for s in held_out_patients(images, 0.3, n)[1]) for n in range(8)}
    assert len(others) > 1
