"""A pack that is ready to answer: its network on a device, its profile parsed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from her2desk.errors import InputRefused, PackRefused
from her2desk.inference.devices import Device, fix_arithmetic, named_device
from her2desk.inference.networks import load_reader
from her2desk.inference.remembered import CropReader, Memory, RememberingReader
from her2desk.packs.pack import Pack, open_pack
from her2desk.radiomics.extract import check_names, extract
from her2desk.radiomics.profile import Profile, load_profile
from her2desk.texts import msg


def _one_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="network")


@dataclass(frozen=True)
class LoadedPack:
    """A pack with its network on a device and its profile parsed.

    ``memory`` holds what was worked out before, None where nothing is asked twice. ``measure`` gives
    features as ``radiomics.extract`` does. ``beside`` is the thread that the network reads in while
    features are measured; a new one for each answer would cost a tenth of the pass.
    """

    pack: Pack
    network: CropReader
    profile: Profile
    memory: Memory | None = None
    measure: Callable[..., dict[str, float]] = extract
    beside: ThreadPoolExecutor = field(default_factory=_one_thread, compare=False)


def load_pack(
    path: Path, device: str | Device = "auto", memory: Memory | None = None
) -> LoadedPack:
    """Open a pack and put its network on ``device``: one by name, or one that others work on too.

    Raises ``PackRefused`` or ``InputRefused``.
    """
    fix_arithmetic()
    pack = open_pack(path)
    if len(pack.manifest.classes) != 2:
        raise PackRefused(
            msg("The pack answers with {n} classes.", n=len(pack.manifest.classes)),
            msg("This version of Her2Desk reads packs of two classes, negative and positive."),
            code="pack-classes",
        )
    part = pack.manifest.network
    chosen = device if isinstance(device, Device) else named_device(device)
    network: CropReader
    network = load_reader(part.architecture, part.channels, pack.network_weights(), chosen)
    if memory is not None:
        network = RememberingReader(network, pack.digest, memory)
    profile = load_profile(pack.profile_text)
    _check_features(pack, profile)
    return LoadedPack(pack, network, profile, memory)


def _check_features(pack: Pack, profile: Profile) -> None:
    """The pack's profile gives all features that the pack uses; ``PackRefused`` else."""
    try:
        check_names(profile, pack.manifest.features.names)
    except InputRefused as error:
        raise PackRefused(
            error.message,
            msg("Get the pack again from whoever built it."),
            code="pack-features",
        ) from error
