"""The user guide's pictures of what is kept: a case's report, and the library's own window."""

from imaging_pictures import Camera

from her2desk.ui.rehearsal import Rehearsal

REPORT_SIZE = (1120, 860)
LIBRARY_SIZE = (720, 700)


def keeping_pictures(rehearsal: Rehearsal, camera: Camera) -> None:
    """The report of the case that is answered, then the library."""
    tools = rehearsal.window.tools
    rehearsal.wait_until(lambda: rehearsal.window.session.writes.waiting == 0)
    report = tools.report.open()
    report.resize(*REPORT_SIZE)
    rehearsal.wait_until(lambda: report.preview is not None)
    camera.take("report-dark", report)
    report.close()
    library = tools.library.open()
    library.resize(*LIBRARY_SIZE)
    rehearsal.wait_until(lambda: library.kept.text() != "")
    camera.take("library-dark", library)
    library.close()
