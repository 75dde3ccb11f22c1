"""What patterns of failure are declared on: properties of one case that no label had a say in."""

from collections.abc import Mapping
from enum import StrEnum

from her2desk.texts import Message, msg


class Trait(StrEnum):
    """A property of a case, by the name of its column in a pack's validation table.

    The first three are V17's attention figures, with no value on an empty heatmap. Calcification and
    lymph-node metastasis are the clinical record's, 1 for yes. ``SIZE`` is the side of a square of the
    ROI's area, in mm, with no value without calibration. ``SOLIDITY`` is the ROI's area over that of
    its convex hull, 1 for a smooth round margin.
    """

    ROI_ATTENTION = "roi_enrichment"
    BRIGHT_ATTENTION = "hyperechoic_enrichment"
    DISPERSION = "dispersion"
    CALCIFICATION = "calcification"
    NODES = "lymph_node_metastasis"
    SIZE = "size_mm"
    SOLIDITY = "solidity"

    @property
    def is_yes_no(self) -> bool:
        """Whether the value is 1 or 0."""
        return self in (Trait.CALCIFICATION, Trait.NODES)

    @property
    def is_attention(self) -> bool:
        """Whether the value is of a network's heatmap."""
        return self in (Trait.ROI_ATTENTION, Trait.BRIGHT_ATTENTION, Trait.DISPERSION)

    @property
    def label(self) -> Message:
        """The trait as a person reads it."""
        return _LABELS[self]


Traits = Mapping[Trait, float | None]
"""A case's value of every trait; None where it has none."""

UNKNOWN_TRAITS: Traits = dict.fromkeys(Trait)

_LABELS: Mapping[Trait, Message] = {
    Trait.ROI_ATTENTION: msg("Attention inside the outline"),
    Trait.BRIGHT_ATTENTION: msg("Attention on bright (hyperechoic) pixels"),
    Trait.DISPERSION: msg("Spread of attention"),
    Trait.CALCIFICATION: msg("Calcification"),
    Trait.NODES: msg("Lymph-node metastasis"),
    Trait.SIZE: msg("Size"),
    Trait.SOLIDITY: msg("Solidity of the outline"),
}
