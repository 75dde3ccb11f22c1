"""What the branches, the attention and the small print say in sentences."""

from collections.abc import Mapping

from her2desk.domain.prediction import BRANCHES, Prediction
from her2desk.domain.validation import Attention
from her2desk.texts import tr

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
    said = tr("The branches disagree: {low} says {low_value:.2f}, {high} {high_value:.2f}.").format(
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


def attention_sentences(attention: Attention) -> list[str]:
    """The attention figures (V17) in words."""
    if attention.roi_enrichment is None:
        return [tr("The heatmap is empty, so there is nothing to say about attention.")]
    said = [
        tr(
            "Inside the outline the network looked {times:.1f} times as much as the area alone "
            "would give."
        ).format(times=attention.roi_enrichment)
    ]
    if attention.hyperechoic_enrichment is not None:
        said.append(
            tr("On bright (hyperechoic) pixels: {times:.1f} times.").format(
                times=attention.hyperechoic_enrichment
            )
        )
    if attention.dispersion is not None:
        said.append(
            tr("Spread over the crop: {share:.2f} (0 is one spot, 1 is even).").format(
                share=attention.dispersion
            )
        )
    return said


def attention_meaning() -> str:
    """What the figures can and cannot say."""
    return tr(
        "In the published study false positives looked at bright areas and false negatives looked "
        "everywhere. That counts for this pack only where its own validation shows it."
    )


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
    if times:
        stages = ", ".join(f"{name} {value:.0f} ms" for name, value in times.items())
        lines.append(tr("Times: {stages}").format(stages=stages))
    return "\n".join(lines)
