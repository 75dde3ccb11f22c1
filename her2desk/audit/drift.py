"""Whether what comes in here is still like what a pack was made for: features, traits, scanners."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from her2desk.audit.results import COMBINED, LocalCase, LocalResults
from her2desk.domain.counts import Proportion
from her2desk.domain.prediction import BRANCHES
from her2desk.domain.traits import Trait
from her2desk.domain.validation import ValidationRow
from her2desk.packs.pack import Pack
from her2desk.stats.calibration import Interval
from her2desk.stats.counts import describe
from her2desk.stats.multiple_tests import holm
from her2desk.stats.proportions import wilson
from her2desk.texts import Message, listed, msg

NAMED = 3  # of what has changed, in the sentence; the table has all
NEEDED = 10  # local cases with a value; a mean of fewer says nothing
LEVEL = 0.05  # of Holm's adjusted p over all that is compared


class InputKind(StrEnum):
    """What is compared."""

    FEATURE = "feature"
    SCORE = "score"
    TRAIT = "trait"
    RANGE = "range"
    SPACING = "spacing"
    SCANNER = "scanner"


@dataclass(frozen=True)
class Moments:
    """Patients, mean and standard deviation."""

    n: int
    mean: float
    sd: float


@dataclass(frozen=True)
class InputDrift:
    """One input here and among the pack's patients.

    Of a measure: ``difference`` is the mean here less the pack's in the pack's standard deviations, with
    its 95 % interval, ``p`` Welch's, two-sided. Of a share: ``share`` here and ``promised``, ``p``
    Fisher's: two-sided for a yes/no trait, else one-sided (more here). ``adjusted_p`` is Holm's. What
    could not be compared has no p, and ``note`` says why.
    """

    name: str
    label: Message
    kind: InputKind
    local: Moments | None = None
    reference: Moments | None = None
    difference: Interval | None = None
    share: Proportion | None = None
    promised: Proportion | None = None
    p: float | None = None
    adjusted_p: float | None = None
    note: Message | None = None

    @property
    def has_changed(self) -> bool:
        """Whether chance hardly explains the difference, all that was compared taken together."""
        return self.adjusted_p is not None and self.adjusted_p < LEVEL


@dataclass(frozen=True)
class Drift:
    """All inputs, of ``lesions`` local ones; ``new_scanners`` were not among the pack's patients."""

    lesions: int
    inputs: tuple[InputDrift, ...]
    new_scanners: tuple[str, ...]

    @property
    def changed(self) -> tuple[InputDrift, ...]:
        """The inputs that have changed."""
        return tuple(row for row in self.inputs if row.has_changed)

    @property
    def compared(self) -> int:
        """How many inputs could be compared."""
        return sum(row.p is not None for row in self.inputs)


def drift(pack: Pack, results: LocalResults) -> Drift:
    """Every input of the pack's that predictions tell of; results are not needed for that."""
    cases = results.lesions
    patients = _patients(pack.validation)
    seen = pack.readout.seen
    scanners = {c.answer.scanner for c in cases if c.answer.scanner}
    new = tuple(sorted(scanners - set(seen.scanners))) if seen and seen.scanners else ()
    rows = [
        *_features(pack, cases),
        *_scores(cases, patients),
        *_traits(cases, patients),
        *_range(pack, cases),
        *_spacing(pack, cases),
        *_scanners(pack, cases),
    ]
    return Drift(len(cases), tuple(_adjusted(rows)), new)


def drift_sentence(found: Drift) -> Message:
    """What has changed, in words."""
    if not found.compared:
        return msg(
            "Inputs cannot be compared yet: at least {needed} predicted cases are needed, there are "
            "{n}.",
            needed=NEEDED,
            n=found.lesions,
        )
    if not found.changed:
        return msg(
            "Nothing shows that the inputs of {n} cases differ from the pack's patients ({compared} "
            "compared).",
            n=found.lesions,
            compared=found.compared,
        )
    furthest = sorted(found.changed, key=lambda row: row.p or 0.0)
    more = len(furthest) - NAMED
    if more > 0:
        return msg(
            "{changed} of {compared} inputs differ from the pack's patients, over {n} cases: {names} "
            "and {more} more.",
            changed=len(furthest),
            compared=found.compared,
            n=found.lesions,
            names=listed(row.label for row in furthest[:NAMED]),
            more=more,
        )
    return msg(
        "{changed} of {compared} inputs differ from the pack's patients, over {n} cases: {names}.",
        changed=len(found.changed),
        compared=found.compared,
        n=found.lesions,
        names=listed(row.label for row in furthest[:NAMED]),
    )


def _patients(rows: Iterable[ValidationRow]) -> list[ValidationRow]:
    """One row a patient: branches and traits are the same in each pattern."""
    return list({row.patient: row for row in rows}.values())


def _features(pack: Pack, cases: Sequence[LocalCase]) -> list[InputDrift]:
    """z-scores: the training patients' mean is 0 and their standard deviation 1."""
    reference = Moments(pack.manifest.training.patients, 0.0, 1.0)
    return [
        _measure(
            name,
            Message(name),
            InputKind.FEATURE,
            [c.answer.features[name] for c in cases if name in c.answer.features],
            reference,
        )
        for name in pack.manifest.features.names
    ]


def _scores(cases: Sequence[LocalCase], patients: Sequence[ValidationRow]) -> list[InputDrift]:
    labels = {
        "clinical": msg("Clinical score"),
        "radiomics": msg("Radiomics score"),
        "cnn": msg("CNN score"),
        "dlr": msg("DLR score"),
    }
    return [
        _measure(
            name,
            labels[name],
            InputKind.SCORE,
            [c.answer.branches[name] for c in cases if name in c.answer.branches],
            _moments([v for row in patients if (v := row.branches[name]) is not None]),
        )
        for name in BRANCHES
        if name != COMBINED
    ]


def _traits(cases: Sequence[LocalCase], patients: Sequence[ValidationRow]) -> list[InputDrift]:
    found = []
    for trait in Trait:
        here = [v for c in cases if (v := c.answer.traits[trait]) is not None]
        there = [v for row in patients if (v := row.traits[trait]) is not None]
        if trait.is_yes_no:
            local, reference = _share(here), _share(there)
            found.append(_shares(str(trait), trait.label, InputKind.TRAIT, local, reference, True))
        else:
            row = _measure(str(trait), trait.label, InputKind.TRAIT, here, _moments(there))
            found.append(row)
    return found


def _range(pack: Pack, cases: Sequence[LocalCase]) -> list[InputDrift]:
    part = pack.readout.space
    said = [float(c.answer.is_outside) for c in cases if c.answer.is_outside is not None]
    if part is None:
        return []
    promised = wilson(part.false_alarms, part.judged)
    label = msg("Unlike the pack's patients")
    return [_shares("range", label, InputKind.RANGE, _share(said), promised, False)]


def _spacing(pack: Pack, cases: Sequence[LocalCase]) -> list[InputDrift]:
    """Beyond the smallest and the largest of N patients lie 2 in N + 1 of the next, by exchange."""
    seen = pack.readout.seen
    if seen is None or seen.spacing_mm is None:
        return []
    lower, upper = seen.spacing_mm
    said = [float(not lower <= s <= upper) for c in cases if (s := c.answer.spacing_mm) is not None]
    promised = wilson(2, pack.manifest.training.patients + 1)
    label = msg("Pixel size unlike any seen")
    return [_shares("spacing_mm", label, InputKind.SPACING, _share(said), promised, False)]


def _scanners(pack: Pack, cases: Sequence[LocalCase]) -> list[InputDrift]:
    """Counted, not tested: a new scanner is new, however often it comes."""
    seen = pack.readout.seen
    if seen is None or not seen.scanners:
        return []
    known = [c.answer.scanner for c in cases if c.answer.scanner]
    new = sorted(set(known) - set(seen.scanners))
    count = sum(scanner in new for scanner in known)
    note = msg("Not among the pack's: {names}", names=listed(new)) if new else None
    label = msg("Scanner unlike any seen")
    return [
        InputDrift("scanner", label, InputKind.SCANNER, share=wilson(count, len(known)), note=note)
    ]


def _measure(
    name: str, label: Message, kind: InputKind, here: Sequence[float], there: Moments | None
) -> InputDrift:
    from scipy.stats import t

    local = _moments(here)
    row = InputDrift(name, label, kind, local, there)
    obstacle = _obstacle(len(here), 0 if there is None else there.n)
    if obstacle is not None or local is None or there is None:
        return replace(row, note=obstacle)
    if there.sd == 0 or (local.sd == 0 and kind is not InputKind.FEATURE):
        return replace(row, note=msg("Always the same value; nothing to compare."))
    parts = (local.sd**2 / local.n, there.sd**2 / there.n)
    variance = sum(parts)
    freedom = variance**2 / (parts[0] ** 2 / (local.n - 1) + parts[1] ** 2 / (there.n - 1))
    error = variance**0.5
    gap = local.mean - there.mean
    half = float(t.ppf(0.975, freedom)) * error
    return replace(
        row,
        difference=Interval(gap / there.sd, (gap - half) / there.sd, (gap + half) / there.sd),
        p=float(2 * t.sf(abs(gap) / error, freedom)),
    )


def _shares(
    name: str,
    label: Message,
    kind: InputKind,
    local: Proportion,
    promised: Proportion,
    two_sided: bool,
) -> InputDrift:
    from scipy.stats import fisher_exact

    row = InputDrift(name, label, kind, share=local, promised=promised)
    obstacle = _obstacle(local.total, promised.total)
    if obstacle is not None:
        return replace(row, note=obstacle)
    table = [
        [local.count, local.total - local.count],
        [promised.count, promised.total - promised.count],
    ]
    side = "two-sided" if two_sided else "greater"
    return replace(row, p=float(fisher_exact(table, alternative=side).pvalue))


def _obstacle(here: int, there: int) -> Message | None:
    if there < 2:
        return msg("The pack does not say how its patients were.")
    if here < NEEDED:
        return msg("Known of {n} cases here; {needed} are needed.", n=here, needed=NEEDED)
    return None


def _moments(values: Sequence[float]) -> Moments | None:
    if len(values) < 2:
        return None
    return Moments(len(values), float(np.mean(values)), float(np.std(values, ddof=1)))


def _share(values: Sequence[float]) -> Proportion:
    return wilson(int(sum(values)), len(values))


def _adjusted(rows: Sequence[InputDrift]) -> list[InputDrift]:
    tested = [row.p for row in rows if row.p is not None]
    adjusted = iter(holm(tested)) if tested else iter(())
    return [
        row if row.p is None else replace(row, adjusted_p=float(next(adjusted))) for row in rows
    ]


def range_words(row: InputDrift) -> tuple[Message, Message]:
    """What was found here and what the pack's patients were like, as a table has it."""
    if row.share is not None:
        there = msg("–") if row.promised is None else describe(row.promised)
        return describe(row.share), there
    return _said(row.local), _said(row.reference)


def _said(moments: Moments | None) -> Message:
    if moments is None:
        return msg("–")
    return msg("{mean:.2f} ± {sd:.2f} ({n})", mean=moments.mean, sd=moments.sd, n=moments.n)
