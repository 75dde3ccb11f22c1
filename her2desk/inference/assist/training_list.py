"""On which pictures the networks that propose outlines were trained, from their manifests alone."""

import json
from collections.abc import Mapping
from pathlib import Path

from her2desk.errors import EngineFailed
from her2desk.texts import msg

SUFFIX = ".json"


def manifest_path(network: Path) -> Path:
    """The manifest beside a network's file."""
    return network.with_suffix(SUFFIX)


def training_lists(folder: Path) -> Mapping[str, frozenset[str]]:
    """For each network known here, by its SHA-256, the digests of its training pictures.

    A picture's digest is ``dicom.pixels.pixels_sha256``. ``folder`` holds one manifest a network; those
    of networks that no longer ship stay there, for the outlines that they proposed. Raises
    ``EngineFailed`` (``contour-network``) for a damaged manifest.
    """
    try:
        manifests = [
            json.loads(path.read_text(encoding="utf-8"))
            for path in sorted(folder.glob(f"*{SUFFIX}"))
        ]
        return {m["sha256"]: frozenset(m["training_pixels_sha256"]) for m in manifests}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged() from error


def damaged() -> EngineFailed:
    """The sentence for a network or a manifest that cannot be used."""
    return EngineFailed(
        msg("The network that proposes outlines is missing or damaged."),
        msg("Install Her2Desk again; until then, draw outlines by hand."),
        code="contour-network",
    )
