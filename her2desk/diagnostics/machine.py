"""What computes here: the processor, memory, graphics card, and whether the libraries load."""

import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from her2desk.diagnostics.check import Check
from her2desk.diagnostics.children import Children, NoAnswer
from her2desk.redaction import public
from her2desk.texts import Message, msg, msgn, phrase

NETWORKS_PART, RADIOMICS_PART = "networks", "radiomics"
LITTLE_MEMORY_GIB = 1.5  # an analysis of a cine takes about 1.2
SLOW = ("DEFAULT", "NO AVX")  # torch's names for code without vector instructions
GIB = 1 << 30
_SMI = (
    "nvidia-smi",
    "--query-gpu=name,driver_version,memory.free,memory.total",
    "--format=csv,noheader,nounits",
)
_SMI_LIMIT_S = 15.0
_MIB_A_GIB = 1024


@dataclass(frozen=True)
class Memory:
    """Memory in GiB and the processor's cores."""

    total_gib: float
    available_gib: float
    cores: int

    @classmethod
    def here(cls) -> "Memory":
        """This computer's."""
        import psutil

        found = psutil.virtual_memory()
        return cls(found.total / GIB, found.available / GIB, psutil.cpu_count() or 1)


@dataclass(frozen=True)
class Card:
    """An NVIDIA card as its driver tells of it; memory in GiB."""

    name: str
    driver: str
    free_gib: float
    total_gib: float


Cards = Callable[[], tuple[Card, ...] | None]


def nvidia_cards() -> tuple[Card, ...] | None:
    """The cards that NVIDIA's driver tells of; None where it has no ``nvidia-smi``, or none answers."""
    try:
        asked = subprocess.run(
            _SMI, capture_output=True, text=True, timeout=_SMI_LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if asked.returncode != 0:
        return None
    return cards_of(asked.stdout)


def cards_of(table: str) -> tuple[Card, ...]:
    """The cards of ``nvidia-smi``'s table; lines that are none are passed over."""
    cards = []
    for line in table.splitlines():
        name, _, rest = line.partition(",")
        try:
            driver, free, total = (part.strip() for part in rest.split(","))
            cards.append(
                Card(name.strip(), driver, float(free) / _MIB_A_GIB, float(total) / _MIB_A_GIB)
            )
        except ValueError:
            continue
    return tuple(cards)


def machine_checks(
    children: Children,
    memory: Callable[[], Memory] = Memory.here,
    cards: Cards = nvidia_cards,
) -> Iterator[Check]:
    """The networks' library, the processor and the graphics card, as one child finds them."""
    try:
        found = children.ask(NETWORKS_PART)
    except NoAnswer as error:
        yield Check("networks", False, error.message, error.remedy)
        yield processor_check(memory(), "")
        return
    version = public(found["version"])
    yield Check("networks", True, msg("PyTorch {version} loads.", version=version))
    yield processor_check(memory(), str(found["capability"]))
    yield device_check(found, cards())


def processor_check(memory: Memory, capability: str) -> Check:
    """Cores, memory and, where known, which vector instructions the networks use."""
    said = msg(
        "{cores}, {available:.1f} of {total:.1f} GiB memory free{instructions}.",
        cores=phrase(msgn("{n} core", "{n} cores", memory.cores)),
        available=memory.available_gib,
        total=memory.total_gib,
        instructions=public(f", {capability}" if capability else ""),
    )
    if memory.available_gib < LITTLE_MEMORY_GIB:
        return Check("processor", True, said, msg("Close other programs: little memory is free."))
    if capability in SLOW:
        advice = msg(
            "The processor has no AVX2, or a virtual machine hides it: answers are the same, slower."
        )
        return Check("processor", True, said, advice)
    return Check("processor", True, said)


def device_check(found: Mapping[str, Any], cards: tuple[Card, ...] | None) -> Check:
    """The graphics card that is used, or why none is; the processor always will do."""
    told = "; ".join(
        f"{card.name}, driver {card.driver}, {card.free_gib:.1f} of {card.total_gib:.1f} GiB free"
        for card in cards or ()
    )
    problem = public(found["device_problem"])
    if problem:
        pattern = "{problem} ({cards})" if told else "{problem}"
        said = Message(pattern, {"problem": problem, "cards": public(told)})
        advice = msg("Update the card's driver, or go on: the processor gives the same answers.")
        return Check("device", True, said, advice)
    if "cuda" in found["devices"]:
        return Check("device", True, msg("In use: {cards}.", cards=public(told or "CUDA")))
    if "mps" in found["devices"]:
        return Check("device", True, msg("In use: {cards}.", cards=public("Apple MPS")))
    said = msg("There is no graphics card that Her2Desk could use; the processor does all.")
    return Check("device", True, said)


def radiomics_check(children: Children) -> Check:
    """Whether the library of image features loads."""
    try:
        found = children.ask(RADIOMICS_PART)
    except NoAnswer as error:
        return Check("radiomics", False, error.message, error.remedy)
    version = public(found["version"])
    return Check("radiomics", True, msg("pyradiomics {version} loads.", version=version))
