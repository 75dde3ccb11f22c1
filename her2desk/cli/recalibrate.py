"""``her2desk pack recalibrate``: a new, signed version of a pack, fitted to the library's results."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from her2desk.cli.opened_library import opened_library
from her2desk.cli.output import Outcome, printable
from her2desk.cli.trusted_packs import required_trust
from her2desk.texts import tr

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def recalibration_outcome(
    pack_path: Path,
    out: Path,
    version: str,
    key: "Ed25519PrivateKey",
    slope: bool,
    folder: Path,
) -> Outcome:
    """Write the new pack and say what was changed; raises as ``write_recalibrated`` does."""
    from her2desk.audit.recalibration import RecalibrationKind, write_recalibrated
    from her2desk.audit.results import local_results
    from her2desk.audit.words import recalibration_sentences, slope_test_of
    from her2desk.packs.pack import open_pack
    from her2desk.packs.signing import fingerprint

    pack = open_pack(pack_path)
    required_trust(pack)
    with opened_library(folder) as library:
        results = local_results(library, pack.digest)
    kind = RecalibrationKind.INTERCEPT_AND_SLOPE if slope else RecalibrationKind.INTERCEPT
    test = slope_test_of(results)
    new = write_recalibrated(pack, results, kind, version, key, out)
    part = new.manifest.recalibration
    assert part is not None
    document = {
        "pack": str(out),
        "version": version,
        "sha256": new.digest,
        "signed_by": fingerprint(key.public_key()),
        "from": {"version": part.from_version, "sha256": part.from_sha256},
        "intercept": part.intercept,
        "slope": part.slope,
        "covariance": [list(row) for row in part.covariance],
        "patients": part.patients,
        "positive": part.positive,
        "prevalence": new.manifest.prevalence,
        "slope_test": None
        if test is None
        else {"slope": test.slope.value, "chi2": test.chi2, "p": test.p},
    }

    def show(console: Console) -> None:
        for sentence in recalibration_sentences(part, test):
            console.print(printable(sentence.text()))
        console.print(printable(tr("Written and signed: {path}").format(path=out)))
        console.print(f"SHA-256 {new.digest}")

    return Outcome(document, show)
