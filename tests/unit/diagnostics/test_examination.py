"""One check that fails, or does not end, is a finding; the others go on."""

import threading
from contextvars import ContextVar

from her2desk.diagnostics.check import Check
from her2desk.diagnostics.examination import Step, examination
from her2desk.errors import StoreRefused
from her2desk.texts import msg

FINE = Check("clock", True, msg("Right."))


def test_findings_come_in_the_order_of_the_steps() -> None:
    again = Check("fonts", True, msg("There."))
    assert list(examination((Step("clock", lambda: (FINE,)), Step("fonts", lambda: (again,))))) == [
        FINE,
        again,
    ]


def test_a_refusal_is_the_finding() -> None:
    def refuse() -> tuple[Check, ...]:
        raise StoreRefused(msg("Gone."), msg("Restore it."))

    first, second = examination((Step("library", refuse), Step("clock", lambda: (FINE,))))
    assert first == Check("library", False, msg("Gone."), msg("Restore it."))
    assert second is FINE


def test_a_mistake_in_a_check_is_a_finding_with_a_reference() -> None:
    def fail() -> tuple[Check, ...]:
        raise ZeroDivisionError("of a patient named Xylophon")

    first, second = examination((Step("fonts", fail), Step("clock", lambda: (FINE,))))
    assert (first.name, first.ok) == ("fonts", False)
    assert "reference" in first.message.text()
    assert "Xylophon" not in first.message.text()
    assert second is FINE


def test_what_was_found_before_a_mistake_is_kept() -> None:
    def look():
        yield FINE
        raise ZeroDivisionError

    first, second = examination((Step("clock", look),))
    assert first is FINE
    assert not second.ok


def test_a_check_that_does_not_end_is_left_behind() -> None:
    ended = threading.Event()

    def hang() -> tuple[Check, ...]:
        ended.wait(60)
        return ()

    first, second = examination((Step("library", hang, 0.05), Step("clock", lambda: (FINE,))))
    ended.set()
    assert (first.name, first.ok) == ("library", False)
    assert "did not end" in first.message.text()
    assert first.remedy.text()
    assert second is FINE


def test_a_check_sees_what_its_caller_has_set() -> None:
    chosen: ContextVar[str] = ContextVar("chosen", default="")
    chosen.set("mine")
    step = Step("clock", lambda: (Check("clock", True, msg("{x}", x=chosen.get())),))
    assert next(examination((step,))).message.text() == "mine"
