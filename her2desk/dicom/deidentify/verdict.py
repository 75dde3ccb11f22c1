"""Whether a file may be called clean: never by its header alone, always by what a person saw."""

from dataclasses import dataclass
from enum import StrEnum

from her2desk.dicom.deidentify.masks import Confirmation, Mask, raster
from her2desk.domain.roi import Box
from her2desk.texts import Message, msg


class Status(StrEnum):
    """What became of a file."""

    CLEAN = "clean"
    NOT_VERIFIED = "not-verified"
    REFUSED = "refused"


@dataclass(frozen=True)
class Picture:
    """What a verdict rests on.

    ``black`` is what is blackened on this file, ``outside`` the part of it that lies outside the
    file's ultrasound regions; ``looks_written`` says that the rest may hold writing.
    """

    sha256: str
    rows: int
    columns: int
    frames: int
    black: tuple[Box, ...]
    outside: tuple[Box, ...]
    looks_written: bool


def verdict(picture: Picture, mask: Mask, frames_seen: int) -> tuple[Status, Message]:
    """Clean or not verified, and why.

    ``frames_seen`` is how many frames of a file a preview shows. A picture is clean when a person
    has seen this very file with no less left visible than is left now, every frame of it; or when a
    person has seen others of its scanner and size, everything outside the ultrasound regions is
    black, at least as much is black as there, and nothing in the rest looks like writing.
    """
    valid = [c for c in mask.confirmations if _covers(picture, c)]
    own = next((c for c in valid if picture.sha256 in c.seen), None)
    if own is not None:
        if picture.frames > frames_seen and not picture.outside:
            return Status.NOT_VERIFIED, msg(
                "Only {seen} of its {frames} frames were looked at, and nothing says where the "
                "picture ends.",
                seen=frames_seen,
                frames=picture.frames,
            )
        return Status.CLEAN, _seen_by(own, itself=True)
    if not mask.confirmations:
        return Status.NOT_VERIFIED, msg("Nobody has confirmed the mask of this scanner and size.")
    if not valid:
        return Status.NOT_VERIFIED, msg("More is visible than on the pictures that were confirmed.")
    if not picture.outside:
        return Status.NOT_VERIFIED, msg(
            "The file does not say where its picture ends, and nobody has looked at this file."
        )
    if picture.looks_written:
        return Status.NOT_VERIFIED, msg(
            "Something that stays visible looks like writing, and nobody has looked at this file."
        )
    by_scanner = next((c for c in valid if c.outside_regions), None)
    if by_scanner is None:
        return Status.NOT_VERIFIED, msg(
            "The mask was confirmed for single files only, and nobody has looked at this one."
        )
    return Status.CLEAN, _seen_by(by_scanner, itself=False)


def _covers(picture: Picture, confirmation: Confirmation) -> bool:
    size = picture.rows, picture.columns
    return not (raster(confirmation.black, *size) & ~raster(picture.black, *size)).any()


def _seen_by(confirmation: Confirmation, *, itself: bool) -> Message:
    on = {"reader": confirmation.reader, "on": confirmation.on}
    if itself:
        return msg("{reader} looked at it on {on} and saw no name or text.", **on)
    return msg("{reader} confirmed the mask of its scanner and size on {on}.", **on)
