"""A run: when a file is called clean, where copies go, what is refused, and what is reported."""

import csv
import json
import os
import stat
from pathlib import Path

import numpy as np
import pydicom
import pytest

from her2desk.dicom.deidentify.key import ProjectKey
from her2desk.dicom.deidentify.mapping import check_map_path, write_map
from her2desk.dicom.deidentify.masks import (
    Mask,
    MaskBook,
    Scanner,
    box_of,
    load_masks,
    masks_path,
    save_masks,
)
from her2desk.dicom.deidentify.one_file import Choices, sampled_frames
from her2desk.dicom.deidentify.preview import (
    Preview,
    confirmed,
    load_preview,
    looks_written_on,
    survey,
)
from her2desk.dicom.deidentify.profile import ALL_OPTIONS, Option
from her2desk.dicom.deidentify.report import FileReport
from her2desk.dicom.deidentify.run import Result, check_destination, deidentify
from her2desk.dicom.deidentify.verdict import Status
from her2desk.domain.progress import Progress, SilentProgress
from her2desk.domain.roi import Box
from her2desk.errors import Cancelled, InputRefused, StoreRefused
from her2desk.texts import Message

from .dicom_builder import COLUMNS, ROWS, picture, region, us_bytes, us_file
from .test_dicom_hostile import CT, US, corpus

KEY = ProjectKey(b"k" * 32)
INNER = {"RegionLocationMinX0": 4, "RegionLocationMinY0": 6}
DETAILS = {"Manufacturer": "ACUSON", "ManufacturerModelName": "S2000"}
SCANNER = Scanner("ACUSON", "S2000", ROWS, COLUMNS)


def image_file(path: Path, instance: int = 1, frames: int = 1, **elements: object) -> Path:
    details: dict[str, object] = {
        **DETAILS,
        "SOPInstanceUID": f"1.2.3.{instance}",
        "SequenceOfUltrasoundRegions": [region(**INNER)],
        **elements,
    }
    return us_file(path, picture(frames), **details)


def run(
    sources: Path | list[Path],
    out: Path,
    book: MaskBook | None = None,
    options: frozenset[Option] = ALL_OPTIONS,
    **settings: object,
) -> Result:
    choices = Choices(KEY, options, book or MaskBook())
    paths = sources if isinstance(sources, list) else [sources]
    return deidentify(paths, out, choices, SilentProgress(), **settings)  # type: ignore[arg-type]


def only(result: Result) -> FileReport:
    (file,) = result.report.files
    return file


def preview_of(path: Path, tmp_path: Path) -> Preview:
    (group,) = survey([path], tmp_path, SilentProgress()).groups
    return load_preview(group.files[0], group.scanner)


def confirm(paths: list[Path], tmp_path: Path, mask: Mask | None = None) -> MaskBook:
    seen = [preview_of(path, tmp_path) for path in paths]
    return confirmed(MaskBook(), SCANNER, mask or Mask(), seen, "Reader A")


# When a file is clean


def test_nothing_is_clean_before_a_person_has_looked(tmp_path: Path) -> None:
    path = image_file(tmp_path / "a.dcm", BurnedInAnnotation="NO")
    file = only(run(path, tmp_path / "out"))
    assert file.status is Status.NOT_VERIFIED
    assert "Nobody has confirmed" in file.reason.text()
    ds = pydicom.dcmread(tmp_path / "out" / str(file.output))
    assert "BurnedInAnnotation" not in ds  # the header alone cannot rule it out
    assert "113101" not in [i.CodeValue for i in ds.DeidentificationMethodCodeSequence]


def test_a_file_that_was_looked_at_is_clean(tmp_path: Path) -> None:
    path = image_file(tmp_path / "a.dcm")
    result = run(path, tmp_path / "out", confirm([path], tmp_path))
    file = only(result)
    assert (file.status, result.all_clean) == (Status.CLEAN, True)
    assert "Reader A looked at it" in file.reason.text()
    for report in (result.report_json, result.report_html):
        assert "Reader A" not in report.read_text(encoding="utf-8")
        assert "A reader looked at it" in report.read_text(encoding="utf-8")
    ds = pydicom.dcmread(tmp_path / "out" / str(file.output))
    assert ds.BurnedInAnnotation == "NO"
    assert "113101" in [i.CodeValue for i in ds.DeidentificationMethodCodeSequence]


def dark_file(path: Path, instance: int, **elements: object) -> Path:
    """A picture in which nothing looks like writing."""
    pixels = np.full((1, ROWS, COLUMNS), 20, np.uint8)
    details = {**DETAILS, "SequenceOfUltrasoundRegions": [region(**INNER)], **elements}
    return us_file(path, pixels, SOPInstanceUID=f"1.2.3.{instance}", **details)


def test_another_file_of_the_scanner_is_clean_when_its_surroundings_are_black(
    tmp_path: Path,
) -> None:
    seen, other = dark_file(tmp_path / "a.dcm", 1), dark_file(tmp_path / "b.dcm", 2)
    file = only(run(other, tmp_path / "out", confirm([seen], tmp_path)))
    assert file.status is Status.CLEAN
    assert "Reader A confirmed the mask" in file.reason.text()


def test_a_file_that_shows_more_than_was_confirmed_is_not_verified(tmp_path: Path) -> None:
    seen = dark_file(tmp_path / "a.dcm", 1)
    other = dark_file(
        tmp_path / "b.dcm", 2, SequenceOfUltrasoundRegions=[region(RegionLocationMinX0=1)]
    )
    file = only(run(other, tmp_path / "out", confirm([seen], tmp_path)))
    assert file.status is Status.NOT_VERIFIED
    assert "More is visible" in file.reason.text()


def test_a_file_without_regions_is_clean_only_if_it_was_looked_at_itself(tmp_path: Path) -> None:
    seen = us_file(tmp_path / "a.dcm", **DETAILS)
    other = us_file(tmp_path / "b.dcm", SOPInstanceUID="1.2.3.9", **DETAILS)
    book = confirm([seen], tmp_path)
    assert only(run(seen, tmp_path / "out1", book)).status is Status.CLEAN
    file = only(run(other, tmp_path / "out2", book))
    assert file.status is Status.NOT_VERIFIED
    assert "does not say where its picture ends" in file.reason.text()


def test_writing_left_visible_is_never_called_clean_unseen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("her2desk.dicom.deidentify.one_file.looks_written", lambda *_: True)
    seen, other = dark_file(tmp_path / "a.dcm", 1), dark_file(tmp_path / "b.dcm", 2)
    book = confirm([seen], tmp_path)
    assert only(run(seen, tmp_path / "out1", book)).status is Status.CLEAN
    file = only(run(other, tmp_path / "out2", book))
    assert file.status is Status.NOT_VERIFIED
    assert "looks like writing" in file.reason.text()


def test_a_confirmation_of_single_files_covers_no_others(tmp_path: Path) -> None:
    own = Mask((Box(0, 0, COLUMNS, 6),), outside_regions=False)
    seen, other = dark_file(tmp_path / "a.dcm", 1), dark_file(tmp_path / "b.dcm", 2)
    book = confirm([seen], tmp_path, own)
    wider = book.with_mask(SCANNER, Mask(own.boxes, True, book.mask(SCANNER).confirmations))
    file = only(run(other, tmp_path / "out", wider))
    assert file.status is Status.NOT_VERIFIED
    assert "single files only" in file.reason.text()


def test_a_long_cine_without_regions_is_not_verified_by_a_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("her2desk.dicom.deidentify.one_file.FRAMES_SEEN", 2)
    path = us_file(tmp_path / "a.dcm", picture(3), **DETAILS)
    file = only(run(path, tmp_path / "out", confirm([path], tmp_path)))
    assert file.status is Status.NOT_VERIFIED
    assert "Only 2 of its 3 frames" in file.reason.text()
    with_regions = image_file(tmp_path / "b.dcm", 2, frames=3)
    book = confirm([with_regions], tmp_path)
    assert only(run(with_regions, tmp_path / "out2", book)).status is Status.CLEAN


def test_what_the_original_said_to_be_burned_in_stays_said(tmp_path: Path) -> None:
    path = us_file(tmp_path / "a.dcm", BurnedInAnnotation="YES")
    file = only(run(path, tmp_path / "out"))
    assert pydicom.dcmread(tmp_path / "out" / str(file.output)).BurnedInAnnotation == "YES"


def test_without_cleaning_pixels_nothing_is_blackened(tmp_path: Path) -> None:
    path = image_file(tmp_path / "a.dcm")
    options = ALL_OPTIONS - {Option.CLEAN_PIXEL_DATA}
    file = only(run(path, tmp_path / "out", confirm([path], tmp_path), options))
    assert file.done is not None
    assert file.done.boxes == ()
    assert file.status is Status.NOT_VERIFIED


# Previews


def test_a_preview_shows_each_pixel_as_bright_as_it_gets(tmp_path: Path) -> None:
    path = us_file(tmp_path / "a.dcm", picture(3), **DETAILS)
    preview = preview_of(path, tmp_path)
    assert np.array_equal(preview.picture, picture(3).max(axis=0))
    assert preview.frames_shown == 3
    assert not looks_written_on(preview, Mask((Box(0, 0, COLUMNS, ROWS),)))


def test_files_are_grouped_by_scanner_and_size(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    image_file(folder / "a.dcm", 1)
    image_file(folder / "b.dcm", 2)
    image_file(folder / "c.dcm", 3, ManufacturerModelName="S3000")
    (folder / "d.dcm").write_bytes(b"\0" * 128 + b"DICM")
    (folder / "notes.txt").write_text("nothing")
    found = survey([folder], tmp_path, SilentProgress())
    assert [(g.scanner.model, len(g.files)) for g in found.groups] == [("S2000", 2), ("S3000", 1)]
    assert found.refused == 1


def test_the_frames_of_a_cine_are_sampled_from_end_to_end() -> None:
    assert sampled_frames(1) == [0]
    assert sampled_frames(24) == list(range(24))
    sampled = sampled_frames(240)
    assert (sampled[0], sampled[-1], len(sampled)) == (0, 239, 24)


# Masks on disk


def test_masks_are_remembered(tmp_path: Path) -> None:
    path = masks_path(tmp_path / "library")
    assert load_masks(path) == MaskBook()
    image = image_file(tmp_path / "a.dcm")
    book = confirm([image], tmp_path, Mask((Box(1, 2, 9, 9),)))
    save_masks(path, book)
    assert load_masks(path) == book
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"schema": 2, "masks": []}', '{"schema": 1, "masks": [{}]}', "[" * 5000],
)
def test_masks_that_cannot_be_read_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "masks.json"
    path.write_text(content)
    with pytest.raises(InputRefused) as refused:
        load_masks(path)
    assert refused.value.code == "masks-unreadable"


def test_masks_beyond_reason_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "masks.json"
    save_masks(path, MaskBook({SCANNER: Mask((Box(0, 0, 5, 5), Box(1, 1, 5, 5)))}))
    monkeypatch.setattr("her2desk.dicom.deidentify.masks.MAX_BOXES", 1)
    with pytest.raises(InputRefused):
        load_masks(path)
    monkeypatch.setattr("her2desk.dicom.deidentify.masks.MAX_FILE_BYTES", 10)
    with pytest.raises(InputRefused):
        load_masks(path)


def test_masks_that_cannot_be_saved_are_refused(tmp_path: Path) -> None:
    (tmp_path / "deidentify").write_text("a file where the folder should be")
    with pytest.raises(StoreRefused) as refused:
        save_masks(masks_path(tmp_path), MaskBook())
    assert refused.value.code == "masks-unwritable"


@pytest.mark.parametrize(
    "numbers", [[0, 0, 0, 5], [5, 0, 1, 5], [-1, 0, 4, 4], [0, 0, 1], ["a"] * 4]
)
def test_what_is_no_box(numbers: list[object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        box_of(numbers)


# Folders and files


def test_copies_lie_under_pseudonyms_and_originals_stay_as_they_were(tmp_path: Path) -> None:
    folder = tmp_path / "DOE JANE"
    folder.mkdir()
    path = image_file(folder / "DOE JANE.dcm")
    before, when = path.read_bytes(), path.stat().st_mtime_ns
    file = only(run(folder, tmp_path / "out"))
    parts = Path(str(file.output)).parts
    assert [part[:3] for part in parts] == ["H2D", "ST-", "SE-", "IM-"]
    assert "DOE" not in str(file.output)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (before, when)
    names = {p.name for p in (tmp_path / "out").iterdir()}
    assert names == {parts[0], "deidentification-report.json", "deidentification-report.html"}


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = image_file(tmp_path / "a.dcm")
    first = only(run(path, tmp_path / "out"))
    content = (tmp_path / "out" / str(first.output)).read_bytes()
    again = run(path, tmp_path / "out")
    assert only(again).code == "already-there"
    assert (tmp_path / "out" / str(first.output)).read_bytes() == content
    assert again.report_json.name == "deidentification-report-2.json"
    assert not list((tmp_path / "out").rglob("*.part"))


def test_one_instance_in_two_files_is_copied_twice(tmp_path: Path) -> None:
    paths = [image_file(tmp_path / "a.dcm"), image_file(tmp_path / "b.dcm", StageName="two")]
    outputs = [Path(str(f.output)).name for f in run(paths, tmp_path / "out").report.files]
    assert outputs[1] == outputs[0].replace(".dcm", "-2.dcm")


@pytest.mark.parametrize("out", ["in", "in/out", "."])
def test_folders_that_lie_in_one_another_are_refused(tmp_path: Path, out: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    image_file(folder / "a.dcm")
    with pytest.raises(InputRefused) as refused:
        run(folder, tmp_path / out)
    assert refused.value.code == "destination-inside"


def test_a_link_does_not_hide_that_it_is_the_same_folder(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    link = tmp_path / "link"
    link.symlink_to(folder, target_is_directory=True)
    with pytest.raises(InputRefused):
        check_destination([folder], link)


def test_a_file_is_no_folder_for_copies(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("here")
    with pytest.raises(InputRefused):
        check_destination([tmp_path / "in"], tmp_path / "out")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here")
    with pytest.raises(InputRefused) as refused:
        run(image_file(tmp_path / "a.dcm"), tmp_path / "file" / "out")
    assert refused.value.code == "unwritable"


def test_what_is_no_ultrasound_picture_is_refused_and_not_copied(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "ct.dcm").write_bytes(us_bytes().replace(US, CT))
    (folder / "report.dcm").write_bytes(us_bytes(Modality="SR"))
    (folder / "cut.dcm").write_bytes(us_bytes()[:-100])
    (folder / "noise.dcm").write_bytes(b"\0" * 128 + b"DICM" + bytes(range(256)))
    (folder / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    (folder / "letter.txt").write_text("Dear Mrs Doe")
    result = run(folder, tmp_path / "out")
    by_name = {Path(f.source).name: f for f in result.report.files}
    assert {f.status for f in by_name.values()} == {Status.REFUSED}
    assert by_name["ct.dcm"].code == "other-modality"
    assert by_name["report.dcm"].code == "other-modality"
    assert by_name["cut.dcm"].code == "truncated-frame"
    assert by_name["photo.png"].code == "not-dicom"
    assert all(f.reason.text() for f in by_name.values())
    assert not list((tmp_path / "out").rglob("*.dcm"))
    assert not result.all_clean


def test_an_empty_run_is_not_clean(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    assert not run(tmp_path / "in", tmp_path / "out").all_clean


def test_a_full_disk_and_our_own_mistakes_are_sentences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = image_file(tmp_path / "a.dcm")

    def fail(error: Exception) -> None:
        def raising(*_: object) -> None:
            raise error

        monkeypatch.setattr("her2desk.dicom.deidentify.run._keep", raising)

    fail(OSError(28, "No space left on device"))
    assert only(run(path, tmp_path / "out1")).code == "unwritable"
    fail(RuntimeError("unforeseen"))
    assert only(run(path, tmp_path / "out2")).code == "internal"
    assert {p.suffix for p in (tmp_path / "out2").rglob("*")} == {".json", ".html"}


def test_a_copy_whose_picture_differs_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoiled(content: bytes, *_: object, **__: object) -> bytes:
        return bytes(len(content))

    monkeypatch.setattr("her2desk.dicom.deidentify.writing.black_out_native", spoiled)
    assert only(run(image_file(tmp_path / "a.dcm"), tmp_path / "out")).code == "picture-differs"
    assert not list((tmp_path / "out").rglob("*.dcm"))


def test_stopping_keeps_what_is_done_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for n in range(3):
        image_file(folder / f"{n}.dcm", n, frames=2)

    class Stops(Progress):
        def step(self, fraction: float, text: Message) -> None:
            if fraction > 0.5:
                raise Cancelled

    result = deidentify([folder], tmp_path / "out", Choices(KEY, ALL_OPTIONS, MaskBook()), Stops())
    assert result.stopped
    assert len(result.report.files) == 1
    assert len(list((tmp_path / "out").rglob("*.dcm"))) == 1
    assert not list((tmp_path / "out").rglob("*.part"))
    assert json.loads(result.report_json.read_text())["stopped"] is True
    assert "stopped before its end" in result.report_html.read_text(encoding="utf-8")


# What is written down


def test_the_report_says_what_was_done(tmp_path: Path) -> None:
    path = image_file(tmp_path / "DOE.dcm", StudyDate="20240301", InstitutionName="St Elsewhere")
    result = run([path, tmp_path / "absent.dcm"], tmp_path / "out")
    document = json.loads(result.report_json.read_text(encoding="utf-8"))
    done, refused = document["files"]
    assert document["counts"] == {"clean": 0, "not-verified": 1, "refused": 1}
    assert document["key_fingerprint"] == KEY.fingerprint
    assert "one number of days" in document["dates"]
    assert done["attributes"]["date-shifted"] == 1
    assert done["attributes"]["removed"] >= 1
    assert done["boxes_blackened"] == [[0, 0, COLUMNS, 6], [0, 6, 4, ROWS]]
    assert done["transfer_syntax"]["before"] == done["transfer_syntax"]["after"]
    assert done["pixels"]["unchanged_outside_boxes"] is True
    assert refused["status"] == "refused"
    for text in (result.report_json.read_text(), result.report_html.read_text(encoding="utf-8")):
        assert "DOE" not in text
        assert "absent" not in text
        assert "20240301" not in text
        assert str(KEY.days("id\0P1\0")) not in text
    assert result.report.to_json(with_sources=True)["files"][0]["source"] == str(path)


def test_dates_that_were_removed_are_reported_so(tmp_path: Path) -> None:
    result = run(image_file(tmp_path / "a.dcm"), tmp_path / "out", None, frozenset())
    assert "removed" in result.report.to_json(with_sources=False)["dates"]


def test_the_mapping_is_written_apart_and_for_its_owner(tmp_path: Path) -> None:
    path = image_file(tmp_path / "a.dcm", PatientName="=cmd|' /C calc'!A0")
    table = tmp_path / "map.csv"
    file = only(run(path, tmp_path / "out", map_path=table))
    with table.open(newline="", encoding="utf-8") as stream:
        (row,) = csv.DictReader(stream)
    assert row["patient_id"] == "P1"
    assert row["patient_name"] == "=cmd|' /C calc'!A0"
    assert row["pseudonym"] == KEY.patient("id\0P1\0")
    assert row["study_instance_uid"] == "1.2.3"
    assert row["new_study_instance_uid"] == KEY.uid("1.2.3")
    assert row["output"] == file.output
    if os.name == "posix":
        assert stat.S_IMODE(table.stat().st_mode) == 0o600


def test_the_mapping_must_not_lie_among_the_copies_or_replace_a_file(tmp_path: Path) -> None:
    path = image_file(tmp_path / "a.dcm")
    for place in (tmp_path / "out" / "map.csv", path):
        with pytest.raises(InputRefused) as refused:
            run(path, tmp_path / "out", map_path=place)
        assert refused.value.code == "map-place"
    with pytest.raises(InputRefused) as refused:
        check_map_path(tmp_path / "absent" / "map.csv", tmp_path / "out")
    assert refused.value.code == "unwritable"


def test_a_report_or_mapping_that_cannot_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = image_file(tmp_path / "a.dcm")
    opened = Path.open

    def full(self: Path, mode: str = "r", **rest: object) -> object:
        if mode == "x":
            raise OSError(28, "No space left on device")
        return opened(self, mode, **rest)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(InputRefused) as refused:
        run(path, tmp_path / "out")
    assert refused.value.code == "unwritable"
    monkeypatch.undo()

    (tmp_path / "map.csv").write_text("there by now")
    with pytest.raises(InputRefused):
        write_map(tmp_path / "map.csv", [])


# Odd and malformed files


def survives(folder: Path, out: Path) -> None:
    """Every file is copied or refused in a sentence; nothing of it is our fault."""
    for file in run(folder, out).report.files:
        assert file.code != "internal", file.source
        assert file.code != "picture-differs", file.source
        sentence = file.reason.text()
        assert sentence
        assert len(sentence) < 160
        assert sentence.isprintable()
        assert bool(file.output) == (file.status is not Status.REFUSED)


def gathered(paths: list[Path], folder: Path) -> Path:
    """The files and, since most are CT, the same as ultrasound."""
    folder.mkdir()
    for n, path in enumerate(paths):
        content = path.read_bytes()
        (folder / f"{n}.dcm").write_bytes(content)
        (folder / f"{n}-us.dcm").write_bytes(content.replace(CT, US))
    return folder


@pytest.mark.data
def test_a_part_of_the_odd_and_malformed_files(test_data: Path, tmp_path: Path) -> None:
    survives(gathered(corpus(test_data)[::7], tmp_path / "in"), tmp_path / "out")


@pytest.mark.data
@pytest.mark.slow
def test_all_of_the_odd_and_malformed_files(test_data: Path, tmp_path: Path) -> None:
    survives(gathered(corpus(test_data), tmp_path / "in"), tmp_path / "out")
