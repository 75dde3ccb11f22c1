"""``her2desk policy``: for administrators, whether a policy file says what it is meant to."""

from collections.abc import Mapping
from pathlib import Path

import typer
from rich.console import Console

from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command
from her2desk.errors import EXIT_INPUT_REFUSED
from her2desk.in_force import policy_in_force
from her2desk.policy import Allowance, Policy, policy_places, read_policy
from her2desk.texts import listed, tr


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=tr("The administrator's policy file."), rich_markup_mode=None)
    app.add_typer(group, name="policy")

    @group.command(
        "check", help=tr("Check a policy file before it is installed, or the one in place.")
    )
    def check(
        file: Path | None = typer.Argument(
            None, metavar="F.json", help=tr("Without it: what holds on this computer.")
        ),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        return run_command(as_json, lambda: _checked(file), library)


def _checked(file: Path | None) -> Outcome:
    policy = policy_in_force() if file is None else read_policy(file)
    document = {
        "files": [str(path) for path in policy.files],
        "places": [str(path) for path in policy_places()],
        "ok": policy.is_sound,
        "problems": [problem.text() for problem in policy.problems],
        "locked": dict(policy.locked),
        "defaults": dict(policy.defaults),
        "forbidden": sorted(policy.forbidden),
        "signers": sorted(policy.signers),
        "contact": policy.contact,
    }
    code = 0 if policy.is_sound else EXIT_INPUT_REFUSED
    return Outcome(document, lambda console: _show(console, policy), code)


def _show(console: Console, policy: Policy) -> None:
    for line in _lines(policy):
        console.print(printable(line))


def _lines(policy: Policy) -> list[str]:
    if not policy.files:
        places = listed(str(place) for place in policy_places())
        return [tr("There is no policy on this computer. It would lie in {places}.").format(
            places=places
        )]  # fmt: skip
    lines = [problem.text() for problem in policy.problems]
    if policy.problems:
        lines.append(
            tr(
                "Until this is corrected nothing is allowed that a policy can forbid: {names}."
            ).format(names=listed(str(one) for one in Allowance))
        )
    else:
        lines.append(tr("The policy is understood."))
    if policy.locked:
        lines.append(tr("Locked: {names}.").format(names=_pairs(policy.locked)))
    if policy.defaults:
        lines.append(tr("Defaults: {names}.").format(names=_pairs(policy.defaults)))
    if policy.forbidden and policy.is_sound:
        forbidden = listed(str(one) for one in sorted(policy.forbidden))
        lines.append(tr("Not allowed: {names}.").format(names=forbidden))
    if policy.signers:
        lines.append(tr("Signers of packs: {names}.").format(names=listed(sorted(policy.signers))))
    return lines


def _pairs(values: Mapping[str, object]) -> str:
    return str(listed(f"{name} = {value}" for name, value in values.items()))
