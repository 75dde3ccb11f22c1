"""A session whose packs are used without anybody being asked who vouches for them."""

from her2desk.packs.shelf import FOLDER, PackShelf
from her2desk.settings import Settings
from her2desk.store.library import Library
from her2desk.ui.jobs import Background, JobRunner
from her2desk.ui.session import Session


def session_on(
    library: Library, runner: JobRunner, background: Background, settings: Settings
) -> Session:
    session = Session(library, PackShelf(library.folder / FOLDER), runner, background, settings)
    session.pack_read.connect(session.use_pack)
    return session
