"""What Typer and argparse say themselves, in the language of the program.

They look some words up through ``gettext``, which ``languages.speak`` has led to our catalogue; those
only need to be in it. For the rest they have English sentences, which are known here by their form. One
that is not known stays as it is.
"""

import re
from typing import Any

import typer

from her2desk.texts import Message, msg, phrase, tr

LOOKED_UP = (
    msg("Options"),
    msg("Arguments"),
    msg("Commands"),
    msg("required"),
    msg("default: {default}"),
    msg("Missing command."),
    msg("No such command {name!r}."),
    msg("usage: "),
    msg("%(prog)s: error: %(message)s\n"),
    msg("argument %(argument_name)s: %(message)s"),
    msg("expected one argument"),
)

_SENTENCES = (
    (r"Invalid value for (?P<what>.+?): (?P<why>.+)", msg("Invalid value for {what}: {why}")),
    (r"Invalid value: (?P<why>.+)", msg("Invalid value: {why}")),
    (r"Missing argument (?P<what>.+)\.", msg("Missing argument {what}.")),
    (r"Missing option (?P<what>.+)\.", msg("Missing option {what}.")),
    (
        r"No such option: (?P<what>\S+) \(Possible options: (?P<others>.+)\)",
        msg("No such option: {what} (Possible options: {others})"),
    ),
    (r"No such option: (?P<what>\S+)", msg("No such option: {what}")),
    (
        r"Got unexpected extra argument\(s\) \((?P<what>.*)\)",
        msg("Got unexpected extra argument(s) ({what})"),
    ),
    (r"Option (?P<what>.+) requires an argument\.", msg("Option {what} requires an argument.")),
    (r"Option (?P<what>.+) does not take a value\.", msg("Option {what} does not take a value.")),
    (
        r"Input should be a valid integer, .+",
        msg("Input should be a valid integer, unable to parse string as an integer"),
    ),
    (
        r"Input should be a valid number, .+",
        msg("Input should be a valid number, unable to parse string as a number"),
    ),
    (
        r"Input should be greater than or equal to (?P<limit>\S+)",
        msg("Input should be greater than or equal to {limit}"),
    ),
    (
        r"Input should be less than or equal to (?P<limit>\S+)",
        msg("Input should be less than or equal to {limit}"),
    ),
)


class SpokenContext(typer.Context):
    """A command's context whose help speaks the language of the program."""

    def __init__(self, command: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(command, *arguments, **options)
        asked = command.get_help_option(self)
        if asked is not None:
            asked.help = tr("Show this message and exit.")

    def make_formatter(self) -> Any:
        """One that begins with our word for usage."""
        formatter = super().make_formatter()
        write = formatter.write_usage

        def write_usage(program: str, arguments: str = "", prefix: str | None = None) -> None:
            write(program, arguments, tr("Usage: ") if prefix is None else prefix)

        setattr(formatter, "write_usage", write_usage)  # noqa: B010  (mypy knows it as a method)
        return formatter


def speak_in_help(command: Any) -> None:
    """Have the help of ``command``, and of those under it, speak the language of the program."""
    command.context_class = SpokenContext
    for below in getattr(command, "commands", {}).values():
        speak_in_help(below)


def spoken(sentence: str) -> Message:
    """A library's English sentence in the language of the program; one that is not known, as it is."""
    for form, message in _SENTENCES:
        if found := re.fullmatch(form, sentence, re.DOTALL):
            fields: dict[str, object] = dict(found.groupdict())
            if "why" in fields:
                fields["why"] = phrase(spoken(found["why"]))
            return Message(message.msgid, fields)
    return Message("{text}", {"text": sentence})
