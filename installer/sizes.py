"""How big the bundle is, by part: printed by the build and kept beside its products."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

INSIDE = "_internal"
MB = 1_000_000
SHOWN_MB = 1.0


def write(
    program: Path, trimmed: Mapping[str, int], made: Sequence[Path], path: Path
) -> dict[str, int]:
    """Write ``PATH.json`` and ``PATH.txt`` and print the table; gives the bytes by part."""
    parts = by_part(program)
    products = {product.name: product.stat().st_size for product in made}
    content = {"unpacked": parts, "products": products, "left_out": dict(trimmed)}
    path.with_name(path.name + ".json").write_text(
        json.dumps(content, indent=1) + "\n", encoding="utf-8"
    )
    text = _table(parts, trimmed, products)
    path.with_name(path.name + ".txt").write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return parts


def by_part(program: Path) -> dict[str, int]:
    """Unpacked bytes by part, the biggest first; a link counts where it leads to."""
    found: dict[str, int] = {}
    for file in program.rglob("*"):
        if file.is_file() and not file.is_symlink():
            part = _part(file.relative_to(program))
            found[part] = found.get(part, 0) + file.stat().st_size
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _part(path: Path) -> str:
    if path.parts[0] != INSIDE:
        return "the program's and its libraries' code" if path.stem == "her2desk" else "papers"
    name = path.parts[1].split(".")[0]
    if name == "her2desk":
        return "pack, networks, fonts, help"
    if path.parts[1].endswith(".dist-info"):
        return "what libraries say of themselves"
    if len(path.parts) == 2 and ".so" in path.name:
        return "Python and the system's libraries"
    return "Python and the system's libraries" if name.startswith("python3") else name


def _table(
    parts: Mapping[str, int], trimmed: Mapping[str, int], products: Mapping[str, int]
) -> str:
    whole = sum(parts.values())
    big = {name: size for name, size in parts.items() if size >= SHOWN_MB * MB}
    rows = [*big.items(), (f"{len(parts) - len(big)} smaller parts", whole - sum(big.values()))]
    lines = [f"{'part':42}{'MB':>8}{'share':>8}"]
    lines += [f"{name:42}{size / MB:8.1f}{size / whole:8.1%}" for name, size in rows]
    lines += [f"{'unpacked':42}{whole / MB:8.1f}", ""]
    lines += [f"left out: {name:32}{size / MB:8.1f}" for name, size in trimmed.items()]
    lines += ["", *(f"{name:58}{size / MB:8.1f}" for name, size in products.items())]
    return "\n".join(lines) + "\n"
