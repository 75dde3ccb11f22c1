"""C-ECHO: whether another system is there and speaks with this program (PS3.4 A)."""

from her2desk.dicom.pacs.association import Asking, Step, associated, succeeded
from her2desk.dicom.pacs.contexts import VERIFICATION, asked_contexts
from her2desk.dicom.pacs.nodes import RemoteNode
from her2desk.domain.progress import Progress, SilentProgress
from her2desk.texts import msg


def echo(node: RemoteNode, asking: Asking, progress: Progress = SilentProgress()) -> None:
    """Ask ``node`` for a sign of life; raises ``PacsRefused`` with the reason where none comes."""
    step = Step(progress, msg("Asking {name}", name=node.name))
    contexts = asked_contexts(VERIFICATION)
    with associated(node, asking, contexts, msg("the test of a connection"), alive=step) as link:
        succeeded(node, link.send_c_echo())
