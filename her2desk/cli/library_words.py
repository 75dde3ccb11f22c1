"""What several of the library's commands say."""

from rich.console import Console

from her2desk.cli.output import printable
from her2desk.texts import Message, msg, msgn


def left_out(n: int) -> Message:
    """So many images were lost before."""
    return msgn(
        "The image of {n} case was lost before and is not in it.",
        "The images of {n} cases were lost before and are not in it.",
        n,
    )


def aside(path: str) -> Message:
    """Where the exchanged library lies."""
    return msg("The library from before lies in {path}; delete it once you are sure.", path=path)


def say(console: Console, message: Message) -> None:
    """Print a sentence."""
    console.print(printable(message.text()))
