"""A victim that works the real window: ``python -m benchmarks.crash.window_work HOME SEED [KEY=VALUE …]``.

The program's own start, drawn in memory; then a reader who works as fast as the window lets them, until
the kill. ``engine=real`` starts the engine, ``answer=FILE`` lets a prediction worked out before stand for
one, ``cases=1`` opens the window, says how many cases it lists, and ends; ``strokes=N`` makes N strokes
while files come in, says how long the GUI thread stalled, and ends.
"""

import os
import pickle
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from her2desk.ui.main_window import MainWindow

# Imports stand in the functions: processes that the window starts load this module too.


def main() -> None:
    """Start as the program does, and work until the kill."""
    from benchmarks.crash.told import Teller

    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    teller = Teller.of_environment()
    teller.say("began")

    from PySide6.QtCore import QTimer

    from benchmarks.crash.hands import EngineStandIn, Hands, count_cases, draw_timed
    from her2desk.ui import app

    home, seed = Path(sys.argv[1]), sys.argv[2]
    options = dict(word.partition("=")[::2] for word in sys.argv[3:])
    made = app.make_window

    def make_window(*arguments: Any, **named: Any) -> "MainWindow":
        window = made(*arguments, **named)
        if options.get("engine") != "real":
            window.runner.start = lambda: None  # type: ignore[method-assign]
        if "answer" in options:
            answer = pickle.loads(Path(options["answer"]).read_bytes())
            window.runner.submit = EngineStandIn(window, answer).submit  # type: ignore[method-assign]
        teller.say("opened")
        if "cases" in options:
            QTimer.singleShot(0, lambda: count_cases(window, teller))
        elif "strokes" in options:
            hands = Hands(window, home.parent, random.Random(seed), teller)
            QTimer.singleShot(0, lambda: draw_timed(hands, int(options["strokes"])))
        else:
            hands = Hands(window, home.parent, random.Random(seed), teller)
            hands.is_patient = options.get("engine") == "real"
            QTimer.singleShot(0, lambda: QTimer.singleShot(0, hands.work))
        return window

    app.make_window = make_window
    app.has_display = lambda _environment: True
    sys.exit(app.run(["--library", str(home)]))


if __name__ == "__main__":
    main()
