"""Writes the tables of ``docs/features.md`` from the code; the words around them are typed."""

from pathlib import Path

from her2desk.radiomics.extract import all_names
from her2desk.radiomics.ibsi import KNOWN, IbsiEntry, ibsi_entry
from her2desk.radiomics.profile import Profile, onekey_1561, us_2d
from her2desk.radiomics.resampling import LADDER_MM

PAGE = Path(__file__).with_name("features.md")
CLASS_TITLES = {
    "shape2D": "Shape, two-dimensional (`us-2d`, `us-2d-px`)",
    "shape": "Shape, of a volume of one slice (`onekey-1561`)",
    "firstorder": "First order",
    "glcm": "Grey level co-occurrence (GLCM)",
    "glrlm": "Grey level run length (GLRLM)",
    "glszm": "Grey level size zone (GLSZM)",
    "gldm": "Grey level dependence (GLDM; IBSI: NGLDM)",
    "ngtdm": "Neighbouring grey tone difference (NGTDM)",
}


def with_tables(page: str) -> str:
    """The page with every part between ``<!-- NAME -->`` and ``<!-- end -->`` written anew."""
    for name, table in (
        ("features", _feature_tables()),
        ("images", _image_table()),
        ("ladder", ", ".join(f"{step:g}" for step in LADDER_MM) + " mm"),
    ):
        head, _, rest = page.partition(f"<!-- {name} -->\n")
        _, _, tail = rest.partition("<!-- end -->")
        page = f"{head}<!-- {name} -->\n{table}\n<!-- end -->{tail}"
    return page


def _feature_tables() -> str:
    parts = []
    for feature_class, title in CLASS_TITLES.items():
        profile = onekey_1561() if feature_class == "shape" else us_2d()
        prefix = f"original_{feature_class}_"
        names = [n for n in all_names(profile) if n.startswith(prefix)]
        rows = [_feature_row(n.removeprefix(prefix), ibsi_entry(n, profile)) for n in names]
        head = "| pyradiomics | IBSI name | code | on the original image |\n|---|---|---|---|"
        parts.append("\n".join([f"### {title}", "", head, *rows]))
    assert set(CLASS_TITLES) == set(KNOWN)
    return "\n\n".join(parts)


def _feature_row(feature: str, entry: IbsiEntry) -> str:
    note = "IBSI" if entry.status == "IBSI" else f"{entry.status}: {entry.reason.text()}"
    code = f"`{entry.code}`" if entry.code else "–"
    return f"| `{feature}` | {entry.name or '–'} | {code} | {note} |"


def _image_table() -> str:
    rows = ["| profile | image | status of e.g. the mean | why |", "|---|---|---|---|"]
    for profile in (us_2d(), onekey_1561()):
        rows += [_image_row(profile, image) for image in _images(profile)]
    return "\n".join(rows)


def _images(profile: Profile) -> list[str]:
    return [image for kind in profile.image_types for image in profile.images_of(kind)]


def _image_row(profile: Profile, image: str) -> str:
    entry = ibsi_entry(f"{image}_firstorder_Mean", profile)
    return f"| `{profile.name}` | `{image}` | {entry.status} | {entry.reason.text()} |"


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
