"""Why a file is refused: one plain sentence, one thing to do, one stable code."""

from collections.abc import Iterator
from contextlib import contextmanager

from her2desk.errors import InputRefused
from her2desk.texts import Message, msg

MAX_CODE = 16  # characters that a code string may have (PS3.5 6.2); a hostile file has more
EXPORT_AGAIN = msg("Copy or export the file again from where it came from.")


def not_an_image() -> InputRefused:
    """The bytes are of no format that is read here."""
    return InputRefused(
        msg("This file is not a DICOM, PNG or JPEG image."),
        msg("Choose an ultrasound image in one of these formats."),
        code="not-an-image",
    )


def no_pixels(what: Message) -> InputRefused:
    """A DICOM file without a picture: a report, a measurement, a directory."""
    return InputRefused(what, msg("Choose the image files of the study."), code="no-pixels")


def other_modality(modality: str) -> InputRefused:
    """A DICOM image that is not ultrasound; ``modality`` is empty when the file names none."""
    what = (
        msg(
            "This is an image of modality {modality}; Her2Desk reads ultrasound.",
            modality=modality[:MAX_CODE],
        )
        if modality
        else msg("The file does not say that it is an ultrasound image.")
    )
    return InputRefused(what, msg("Choose the ultrasound images (US)."), code="other-modality")


def truncated() -> InputRefused:
    """Pixel data that end before the picture does."""
    return InputRefused(
        msg("The file ends before its picture does; part of it is missing."),
        EXPORT_AGAIN,
        code="truncated-frame",
    )


def too_large(what: Message) -> InputRefused:
    """A file that would need more memory or room than is reasonable."""
    return InputRefused(
        what, msg("Export it at its ordinary size, or in smaller parts."), code="too-large"
    )


def malformed(what: Message) -> InputRefused:
    """A file that contradicts itself or the standard."""
    return InputRefused(what, EXPORT_AGAIN, code="malformed")


def unsupported_pixels(what: Message) -> InputRefused:
    """A valid way of storing pixels that ultrasound images do not use."""
    return InputRefused(
        what, msg("Export it as ordinary 8-bit grey or colour DICOM."), code="unsupported-pixels"
    )


def unsupported_syntax(name: str) -> InputRefused:
    """A transfer syntax that is not read here, by its name or UID."""
    return InputRefused(
        msg("The image is stored as “{name}”, which Her2Desk does not read.", name=name),
        msg("Export it uncompressed or as JPEG, JPEG-LS, JPEG 2000 or RLE."),
        code="unsupported-transfer-syntax",
    )


def no_such_frame(index: int, frames: int) -> InputRefused:
    """A frame that the image does not have; ``index`` counts from 0, the sentence from 1."""
    return InputRefused(
        msg("There is no frame {frame}; the image has {frames}.", frame=index + 1, frames=frames),
        msg("Choose a frame of this image."),
        code="no-such-frame",
    )


def file_changed() -> InputRefused:
    """The file on disk is no longer the one that was opened."""
    return InputRefused(
        msg("The file has changed since it was opened."),
        msg("Open it again."),
        code="file-changed",
    )


@contextmanager
def os_errors_refused() -> Iterator[None]:
    """Turn what the operating system refuses into a sentence.

    An ``OSError`` without a number comes from a library that met damage: no fault of the disk's.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise malformed(msg("The file is damaged.")) from error
        raise unreadable_file(error) from error


def not_a_file() -> InputRefused:
    """A folder, a pipe or a device."""
    return InputRefused(msg("This is not a file."), msg("Choose a file."), code="unreadable-file")


def unreadable_file(error: OSError) -> InputRefused:
    """A file that the operating system does not give, with its reason."""
    return InputRefused(
        msg("The file cannot be read: {reason}.", reason=error.strerror or str(error)),
        msg("Check that it is still there and that you may read it."),
        code="unreadable-file",
    )
