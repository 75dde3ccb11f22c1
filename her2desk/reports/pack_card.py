"""What a report says of the pack that answered, from the very pack, and of where the answer is from."""

from her2desk.domain.prediction import COMBINED, Prediction
from her2desk.packs.manifest import AucPart, Manifest
from her2desk.packs.pack import Pack
from her2desk.packs.signing import fingerprint, signer_of
from her2desk.reports.case_words import moment, plain
from her2desk.reports.content import Row, Rows, Section
from her2desk.reports.study_words import moment_words, with_bounds
from her2desk.texts import Message, msg


def card_section(pack: Pack) -> Section:
    """The pack's card: what it is for, whom it was trained on, how well it did, who signed it."""
    m = pack.manifest
    rows = (
        Row(msg("Name and version"), plain(f"{m.name} {m.version}")),
        Row(msg("Intended use"), plain(m.intended_use)),
        Row(msg("Moment of prediction"), moment_words(m.moment_of_prediction)),
        Row(msg("Decision that it informs"), plain(m.decision)),
        Row(msg("Trained on"), _population(m)),
        *_recalibrated(m),
        *_areas(m),
        Row(msg("Image features"), _features(m)),
        Row(msg("Licence"), plain(m.licence)),
        *_signature(pack),
    )
    return Section(msg("Model pack"), (Rows(rows),))


def provenance_section(
    prediction: Prediction, pack: Pack | None, *, version: str, answered_by: str, utc: str
) -> Section:
    """Everything that the answer was computed from, by its hashes, and by which program.

    ``version`` is the program's that writes the report; ``answered_by`` and ``utc`` say for whom and
    when the answer was kept, empty where it was not.
    """
    inputs = prediction.inputs
    schema = "" if pack is None else str(pack.manifest.schema_version)
    texts = (
        (msg("Report written by"), f"Her2Desk {version}"),
        (msg("Reader"), answered_by),
        (msg("Answer kept"), moment(utc) if utc else ""),
        (msg("Answered on"), prediction.device),
        (msg("Pack schema"), schema),
    )
    codes = (
        (msg("Pack SHA-256"), prediction.pack.sha256),
        (msg("Inputs SHA-256"), inputs.sha256),
        (msg("Image SHA-256"), inputs.image_sha256),
        (msg("SOP instance"), inputs.sop_instance_uid or ""),
    )
    rows = (
        *(Row(label, plain(text)) for label, text in texts if text),
        *(Row(label, plain(text), is_code=True) for label, text in codes if text),
    )
    return Section(msg("Computed from"), (Rows(rows),))


def _population(m: Manifest) -> Message:
    return msg(
        "{description}: {patients} patients, {positive} of them HER-2 positive",
        description=m.training.description,
        patients=m.training.patients,
        positive=m.training.positive,
    )


def _recalibrated(m: Manifest) -> tuple[Row, ...]:
    part = m.recalibration
    if part is None:
        return ()
    said = msg(
        "from version {version}, to {patients} local patients, {positive} of them HER-2 positive, "
        "studies of {first} to {last}",
        version=part.from_version,
        patients=part.patients,
        positive=part.positive,
        first=part.first_study,
        last=part.last_study,
    )
    return (Row(msg("Recalibrated"), said),)


def _areas(m: Manifest) -> tuple[Row, ...]:
    """AUC of the combined model for patients that it had not seen."""
    tables = (
        (msg("AUC, cross-validated"), m.auc.cross_validated),
        (msg("AUC, held out"), m.auc.held_out),
    )
    return tuple(Row(label, _area(table[COMBINED])) for label, table in tables if COMBINED in table)


def _area(part: AucPart) -> Message:
    return plain(with_bounds(part.value, part.lower, part.upper, 2))


def _features(m: Manifest) -> Message:
    return msg(
        "{n} of profile {profile}; network {network}",
        n=m.features.count,
        profile=m.features.profile,
        network=m.network.architecture,
    )


def _signature(pack: Pack) -> tuple[Row, ...]:
    """Who vouches for the pack, as far as the pack itself says it."""
    label = msg("Signature")
    key = signer_of(pack.archive)
    if key is not None:
        return (Row(label, msg("signed with the key {key}", key=fingerprint(key)), is_code=True),)
    if pack.archive.signature is not None:
        return (Row(label, msg("signed, without the key to check it by"), is_flagged=True),)
    return (Row(label, msg("unsigned"), is_flagged=not pack.manifest.demo),)
