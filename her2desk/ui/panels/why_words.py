"""What the why panel says itself: notes, keys, branches, attention and small print.

What is said of a case in counts is of ``stats.case_words``.
"""

from collections.abc import Mapping

from her2desk.domain.failure import FailureSign
from her2desk.domain.prediction import BRANCHES, FeatureContribution, Prediction
from her2desk.domain.validation import Attention
from her2desk.stats.case_words import enhancement_sentence, pattern_label, trait_value
from her2desk.stats.meanings import Figure
from her2desk.texts import tr, trn

AGREEMENT = 0.15  # branches closer than this are said to agree


def branch_name(name: str) -> str:
    """A branch as a reader knows it."""
    names = {
        "clinical": tr("Clinical"),
        "radiomics": tr("Radiomics"),
        "cnn": tr("CNN"),
        "dlr": tr("Radiomics with CNN (DLR)"),
        "combined": tr("Combined"),
    }
    return names[name]


def disagreement_sentence(branches: Mapping[str, float | None], threshold: float) -> str:
    """Whether the single branches say the same as each other."""
    single = {
        name: value
        for name in BRANCHES
        if name != "combined" and (value := branches.get(name)) is not None
    }
    if len(single) < 2:
        return tr("Only one branch has an answer, so there is nothing to compare.")
    low, high = min(single, key=single.__getitem__), max(single, key=single.__getitem__)
    spread = single[high] - single[low]
    if spread <= AGREEMENT:
        return tr("The branches agree within {spread:.2f}.").format(spread=spread)
    said = tr("The branches differ: {low} says {low_value:.2f}, {high} {high_value:.2f}.").format(
        low=branch_name(low),
        low_value=single[low],
        high=branch_name(high),
        high_value=single[high],
    )
    if single[low] < threshold <= single[high]:
        said += " " + tr("They stand on both sides of the threshold ({threshold:.2f}).").format(
            threshold=threshold
        )
    return said


def attention_sentences(attention: Attention) -> list[tuple[Figure, str]]:
    """The attention figures (V17) in words, each with what explains it."""
    if attention.roi_enrichment is None:
        empty = tr("The heatmap is empty, so there is nothing to say about attention.")
        return [(Figure.ATTENTION_INSIDE, empty)]
    inside = tr(
        "Inside the outline the network looked {times:.1f} times as much as the area alone would "
        "give."
    ).format(times=attention.roi_enrichment)
    said = [(Figure.ATTENTION_INSIDE, inside)]
    if attention.hyperechoic_enrichment is not None:
        bright = tr("On bright (hyperechoic) pixels: {times:.1f} times.").format(
            times=attention.hyperechoic_enrichment
        )
        said.append((Figure.ATTENTION_BRIGHT, bright))
    if attention.dispersion is not None:
        spread = tr("Spread over the crop: {share:.2f} (0 is one spot, 1 is even).").format(
            share=attention.dispersion
        )
        said.append((Figure.ATTENTION_SPREAD, spread))
    return said


def attention_meaning() -> str:
    """What the figures can and cannot say."""
    return tr(
        "In the published study false positives looked at bright areas and false negatives looked "
        "everywhere. That counts for this pack only where its own validation shows it."
    )


def maps_note() -> str:
    """What a heatmap is not, and whose figures stand above."""
    return tr(
        "Methods can disagree, and no map is proof: each shows what moved the network's answer, not "
        "what is true of the tissue. The figures above are of Grad-CAM for positive, as in the "
        "pack's validation."
    )


def pattern_figures(sign: FailureSign) -> str:
    """A measure's value, and from where on cases count as looking like the pattern."""
    trait = sign.pattern.trait
    if sign.limit is None or sign.value is None or trait.is_yes_no:
        return ""
    value, limit = trait_value(trait, sign.value).text(), trait_value(trait, sign.limit).text()
    if sign.pattern.is_high:
        words = tr("{trait} {value}; shaded: {limit} or more.")
    else:
        words = tr("{trait} {value}; shaded: {limit} or less.")
    is_said = trait.label == pattern_label(sign.pattern)
    return words.format(
        trait=tr("This case") if is_said else trait.label.text(), value=value, limit=limit
    )


def others_title(count: int, some_apply: bool) -> str:
    """The heading of the patterns that do not apply, or of which that is not known."""
    if some_apply:
        return trn("{n} other pattern was looked for", "{n} other patterns were looked for", count)
    return trn("{n} pattern was looked for", "{n} patterns were looked for", count)


def no_call_note() -> str:
    """Why no pattern is shown."""
    return tr("No call is made for this case, so there is no call that could be wrong.")


def nothing_stated_note() -> str:
    """Why nothing can be said of how familiar a case is."""
    return tr("This pack states nothing of its patients, so this cannot be judged.")


def familiarity_key() -> str:
    """How the bars are read."""
    return tr("Dot: this case. Shaded: where the pack's patients lie.")


def features_outside(features: tuple[FeatureContribution, ...]) -> str:
    """How many features lie outside what the pack was trained on."""
    if not features:
        return tr("This pack measures no radiomics features.")
    outside = sum(f.is_out_of_range for f in features)
    if not outside:
        return trn(
            "The one radiomics feature lies inside its training range.",
            "All {n} radiomics features lie inside their training range.",
            len(features),
        )
    return tr(
        "{outside} of {total} radiomics features outside their training range: marked below, under "
        "the features furthest from the mean."
    ).format(outside=outside, total=len(features))


def features_note(features: tuple[FeatureContribution, ...]) -> str:
    """In what the features are measured."""
    if not features:
        return tr("This pack measures no radiomics features.")
    return tr(
        "In standard deviations (SD) from the pack's training mean; {outside} of {total} lie outside "
        "the training range."
    ).format(outside=sum(f.is_out_of_range for f in features), total=len(features))


def near_note() -> str:
    """How the cards of the nearest patients are read."""
    return tr("Square: HER-2 positive. Ring: HER-2 negative. Press a card to enlarge its picture.")


def no_pictures_note() -> str:
    """The same for a pack whose owner gave no pictures."""
    return tr("Square: HER-2 positive. Ring: HER-2 negative. There are no pictures in this pack.")


def no_neighbours_note() -> str:
    """Why there are no cards."""
    return tr("This pack does not say which of its patients are nearest.")


def unknowns_key() -> str:
    """How the bars of unknown values are read."""
    return tr("Dot: the present answer. Band: the answers it could become. Line: the threshold.")


def all_known_note() -> str:
    """Why there are no bars."""
    return tr("All that this pack asks for is known.")


def small_print(prediction: Prediction, version: str) -> str:
    """Versions, device, times and hashes, to copy into a message."""
    times = prediction.timings_ms
    lines = [
        tr("Her2Desk {version}").format(version=version),
        tr("Pack {name} {version}").format(
            name=prediction.pack.name, version=prediction.pack.version
        ),
        tr("Pack SHA-256 {digest}").format(digest=prediction.pack.sha256),
        tr("Inputs SHA-256 {digest}").format(digest=prediction.inputs.sha256),
        tr("Device {device}").format(device=prediction.device),
        tr("Submodel {pattern}").format(pattern=prediction.estimate.pattern),
    ]
    use = prediction.enhancement
    if use is not None:
        digest = tr("Enhancement SHA-256 {digest}").format(digest=use.sha256)
        lines[3:3] = [enhancement_sentence(use).text(), digest]
    if times:
        stages = ", ".join(f"{name} {value:.0f} ms" for name, value in times.items())
        lines.append(tr("Times: {stages}").format(stages=stages))
    return "\n".join(lines)
