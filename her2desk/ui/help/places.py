"""The pages of the main window's own places."""

from typing import TYPE_CHECKING

from her2desk.ui.help.pages import FIRST_PAGE, set_page

if TYPE_CHECKING:
    from her2desk.ui.main_window import MainWindow


def name_pages(window: "MainWindow") -> None:
    """Have F1 open the page of the place that has the keyboard."""
    right, workspace = window.right, window.workspace
    for widget, page in (
        (window, FIRST_PAGE),
        (window.cases, "guide/images"),
        (window.header.import_button, "guide/images"),
        (window.import_notice, "guide/images"),
        (window.import_table, "guide/images"),
        (window.problems, "guide/problems"),
        (window.status, "guide/problems"),
        (window.header.pack_button, "guide/settings"),
        (window.header.settings_button, "guide/settings"),
        (window.header.reader, "guide/follow"),
        (window.header.training_button, "researcher"),
        (window.header.receive_button, "pacs"),
        (workspace, "guide/draw"),
        (workspace.cine, "guide/cine"),
        (workspace.calibrate_bar, "guide/size"),
        (right, "guide/answer"),
        (right.clinical, "guide/clinical"),
        (right.clinical.pathology, "guide/follow"),
        (right.decision, "guide/follow"),
        (right.nomogram, "guide/why"),
        (right.why, "guide/why"),
    ):
        set_page(widget, page)
