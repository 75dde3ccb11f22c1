"""Every window, dialog, tab and panel of the program, each in a state worth looking at.

``NAMES`` are the rows; ``opened_window(name, folder)`` builds one, shown and settled, without an
engine, and the fixture ``opened`` does so within a test. A new window gets a row with ``@row(name)`` in
one of the modules imported here; ``test_every_window.py`` names those that have none.
"""

from tests.ui import help_window_rows, main_window_rows, tool_window_rows
from tests.ui.window_table import ROWS, opened_window, settle

NAMES = tuple(ROWS)
__all__ = [
    "NAMES",
    "help_window_rows",
    "main_window_rows",
    "opened_window",
    "settle",
    "tool_window_rows",
]
