"""All that is looked at, in the order in which it is told."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from her2desk.bundle_manifest import bundle_root
from her2desk.diagnostics.check import Check
from her2desk.diagnostics.children import CHILD_LIMIT_S, Children
from her2desk.diagnostics.choices import policy_check, settings_check
from her2desk.diagnostics.clock import clock_check
from her2desk.diagnostics.decoders import decoders_check
from her2desk.diagnostics.examination import Step
from her2desk.diagnostics.fonts import fonts_check
from her2desk.diagnostics.library import library_checks
from her2desk.diagnostics.library_place import disk_check, place_check
from her2desk.diagnostics.machine import machine_checks, radiomics_check
from her2desk.diagnostics.network import network_check, own_listeners
from her2desk.diagnostics.packs import demo_pack_check, kept_packs_check
from her2desk.diagnostics.program import Program, bundle_check, program_check
from her2desk.diagnostics.self_test import self_test_check
from her2desk.diagnostics.window import system_libraries_check, window_checks
from her2desk.dicom.pacs.node_files import PACS_FILE
from her2desk.packs.trust import SIGNERS_FILE, TrustStore
from her2desk.paths import LIBRARY_VARIABLE, demo_numbers_path, demo_pack_path, font_path
from her2desk.policy import policy_places

if TYPE_CHECKING:
    from her2desk.store.vault import Vault

# A child that hangs is given up first, so that its own sentence is told.
_CHILD_STEP_S = CHILD_LIMIT_S + 10
_LARGE_S = 600.0  # a library of thousands of cases, a bundle on a slow disk


@dataclass(frozen=True)
class Places:
    """What of this user is looked at: the library, the settings and what lies beside them."""

    library: Path
    settings: Path

    @property
    def signers(self) -> TrustStore:
        """Whom the user trusts."""
        return TrustStore(self.settings.with_name(SIGNERS_FILE))


def steps_of(
    places: Places, children: Children, unlock: "Callable[[], Vault | None]"
) -> tuple[Step, ...]:
    """Every step; those that load native libraries ask ``children``."""
    return (
        Step("program", lambda: one(program_check(Program.running()))),
        Step("bundle", lambda: one(bundle_check(bundle_root())), _LARGE_S),
        Step("settings", lambda: one(settings_check(places.settings))),
        Step("policy", lambda: one(policy_check(policy_places()))),
        Step("clock", lambda: one(clock_check(datetime.now(UTC)))),
        Step("system-libraries", lambda: one(system_libraries_check())),
        Step("window", partial(window_checks, children), _CHILD_STEP_S),
        Step("fonts", lambda: one(fonts_check(font_path()))),
        Step("networks", partial(machine_checks, children), _CHILD_STEP_S),
        Step("radiomics", lambda: one(radiomics_check(children)), _CHILD_STEP_S),
        Step("decoders", lambda: one(decoders_check(children)), _CHILD_STEP_S),
        Step("demo-pack", lambda: one(demo_pack_check(demo_pack_path()))),
        Step(
            "self-test",
            lambda: one(self_test_check(children, demo_numbers_path())),
            _CHILD_STEP_S,
        ),
        Step("network", lambda: one(_network(places))),
        Step("library-place", lambda: one(place_check(places.library))),
        Step("disk-space", lambda: one(disk_check(places.library))),
        Step("library", partial(library_checks, places.library, unlock), _LARGE_S),
        Step("kept-packs", lambda: one(kept_packs_check(places.library, places.signers)), _LARGE_S),
    )


def one(check: Check) -> Iterable[Check]:
    """A step's only finding."""
    return (check,)


def _network(places: Places) -> Check:
    home = os.environ.get(LIBRARY_VARIABLE)
    return network_check(places.settings.with_name(PACS_FILE), partial(own_listeners, home))
