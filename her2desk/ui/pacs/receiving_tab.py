"""Switching the receiver on and off: under which title, where, and from whom."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from her2desk.dicom.pacs.nodes import (
    AE_LENGTH,
    ReceiverSettings,
    exposure,
    receiver_problems,
)
from her2desk.errors import Her2DeskError
from her2desk.texts import tr, trn
from her2desk.ui.pacs.fields import (
    PORT_DIGITS,
    Field,
    TlsFields,
    TlsWords,
    form_layout,
    line,
    port_of,
    set_text,
    show_problems,
    text_of,
)
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.remark import Remark

SEPARATOR = ","


class ReceivingTab(QWidget):
    """``applied`` carries the settings to keep and to go by."""

    applied = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.enabled = QCheckBox(tr("Receive images that are sent to this computer"))
        self.ae_title = line(tr("This program's AE title"), AE_LENGTH)
        self.host = line(tr("Address to listen on"))
        self.port = line(tr("Port to listen at"), PORT_DIGITS)
        self.allowed = line(tr("AE titles that may send"), 2000)
        self.tls = TlsFields(
            TlsWords(
                tr("Take encrypted connections only (TLS)"),
                tr("Whom to trust"),
                tr("anybody, with a certificate or without"),
                has_name=False,
            )
        )
        self.tls_field = Field(self.tls, tr("Encryption"))
        self.fields = {
            "ae_title": self.ae_title,
            "host": self.host,
            "port": self.port,
            "allowed_ae_titles": self.allowed,
            "tls": self.tls_field,
        }
        self.reach = Remark("muted")
        self.apply = QPushButton(tr("Apply"))
        self.state = Remark()
        self._arrange()
        self.apply.clicked.connect(self._apply)
        for field in self.fields.values():
            if isinstance(field.editor, QLineEdit):
                field.editor.textChanged.connect(lambda _text: self._tell_reach())
        self.tls.encrypted.toggled.connect(lambda _on: self._tell_reach())
        self.tls.authority.changed.connect(self._tell_reach)
        self.set_settings(ReceiverSettings())
        self.show_state(None)

    def settings(self) -> ReceiverSettings:
        """The settings as the fields have them."""
        titles = (title.strip() for title in text_of(self.allowed).split(SEPARATOR))
        return ReceiverSettings(
            self.enabled.isChecked(),
            text_of(self.ae_title),
            text_of(self.host),
            port_of(self.port),
            tuple(dict.fromkeys(title for title in titles if title)),
            self.tls.choice(),
        )

    def set_settings(self, settings: ReceiverSettings) -> None:
        """Show what is kept."""
        self.enabled.setChecked(settings.enabled)
        set_text(self.ae_title, settings.ae_title)
        set_text(self.host, settings.host)
        set_text(self.port, str(settings.port))
        set_text(self.allowed, f"{SEPARATOR} ".join(settings.allowed_ae_titles))
        self.tls.set_choice(settings.tls)
        show_problems(self.fields, ())
        self._tell_reach()

    def show_state(self, received: int | None) -> None:
        """How it stands: None while it is off, else how many images came."""
        if received is None:
            self.state.say(tr("Off: nothing on this computer listens."), False)
        else:
            came = trn("{n} image received", "{n} images received", received)
            self.state.say(tr("On: {came}.").format(came=came), False)

    def show_failure(self, error: Her2DeskError) -> None:
        """Why it is not on."""
        self.state.say(str(error), True)

    def _apply(self) -> None:
        settings = self.settings()
        problems = receiver_problems(settings)
        show_problems(self.fields, problems)
        if not problems:
            self.applied.emit(settings)

    def _tell_reach(self) -> None:
        warning = exposure(self.settings())
        if warning is None:
            self.reach.say(tr("Only programs on this computer can reach it."), False)
        else:
            self.reach.say(warning.text(), True)

    def _arrange(self) -> None:
        form = form_layout()
        form.addRow(tr("&AE title"), self.ae_title)
        form.addRow(tr("A&ddress"), self.host)
        form.addRow(tr("&Port"), self.port)
        form.addRow(tr("&May send"), self.allowed)
        form.addRow("", self.tls_field)
        for field in (self.ae_title, self.host, self.port, self.allowed):
            field.editor.setMaximumWidth(GRID * 90)
        if isinstance(self.allowed.editor, QLineEdit):
            self.allowed.editor.setPlaceholderText(tr("AE titles, with commas between them"))
        if isinstance(self.host.editor, QLineEdit):
            self.host.editor.setToolTip(
                tr("127.0.0.1: this computer alone; 0.0.0.0: every network it is on")
            )
        set_role(self.apply, "primary")
        buttons = QHBoxLayout()
        buttons.addWidget(self.apply)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID * 4, GRID * 4, GRID * 4, GRID * 4)
        column.setSpacing(GRID * 4)
        column.addWidget(
            wrapped(
                tr("An ultrasound device or an archive can send images here while this is on."),
                "muted",
            )
        )
        column.addWidget(self.enabled)
        column.addLayout(form)
        column.addWidget(self.reach)
        column.addLayout(buttons)
        column.addWidget(self.state)
        column.addStretch(1)
