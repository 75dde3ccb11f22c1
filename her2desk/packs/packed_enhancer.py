"""The enhancement that a model pack was built with: known to this version, or whole inside the pack."""

from collections.abc import Mapping

from her2desk.enhancement.enhancer import Enhancer
from her2desk.enhancement.known import find_enhancer
from her2desk.enhancement.trained import NETWORK_METHOD, TrainedEnhancer
from her2desk.errors import PackRefused
from her2desk.packs.enhancer_file import (
    EMBEDDED_GENERATOR,
    EMBEDDED_MANIFEST,
    enhancer_of_members,
)
from her2desk.packs.manifest import EnhancementPart
from her2desk.texts import Message, msg

EMBEDDED = (EMBEDDED_MANIFEST, EMBEDDED_GENERATOR)


def packed_enhancer(part: EnhancementPart | None, members: Mapping[str, bytes]) -> Enhancer | None:
    """The enhancement that the pack of these members declares, and no other; None where it has none.

    Raises ``PackRefused`` (``pack-enhancement``) where it lacks its enhancer, holds another one, one of
    another scale or one that it does not declare, or where this version does not know the method; as
    ``enhancer_of_members`` where the enhancer is not sound.
    """
    held = [name for name in EMBEDDED if name in members]
    if part is None or part.method != NETWORK_METHOD:
        if held:
            raise _refused(msg("The pack holds an enhancer that it does not use."), _GET_AGAIN)
        return None if part is None else _known(part)
    if len(held) < len(EMBEDDED):
        raise _refused(
            msg("The pack enhances images by a network, which is missing from it."), _GET_AGAIN
        )
    enhancer = enhancer_of_members(members[EMBEDDED_MANIFEST], members[EMBEDDED_GENERATOR])
    _check_is_declared(enhancer, part)
    return enhancer


def _known(part: EnhancementPart) -> Enhancer:
    enhancer = find_enhancer(part.method, part.scale)
    if enhancer is None or enhancer.sha256 != part.sha256:
        raise _refused(
            msg(
                "The pack enhances images by {method} ×{scale}, which this version of Her2Desk does "
                "not have in that form.",
                method=part.method,
                scale=part.scale,
            ),
            msg("Use the version of Her2Desk that the pack was built with, or another pack."),
        )
    return enhancer


def _check_is_declared(enhancer: TrainedEnhancer, part: EnhancementPart) -> None:
    called = f"{enhancer.name} {enhancer.version}"
    if enhancer.scale != part.scale:
        raise _refused(
            msg(
                "The pack declares an enhancement ×{declared}, but the enhancer in it, {name}, "
                "enlarges ×{scale}.",
                declared=part.scale,
                name=called,
                scale=enhancer.scale,
            ),
            _GET_AGAIN,
        )
    if enhancer.sha256 != part.sha256:
        raise _refused(
            msg("The enhancer in the pack, {name}, is not the one it was built with.", name=called),
            _GET_AGAIN,
        )


def _refused(message: Message, remedy: Message) -> PackRefused:
    return PackRefused(message, remedy, code="pack-enhancement")


_GET_AGAIN = msg("Get the pack again from whoever built it.")
