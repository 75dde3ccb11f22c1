"""The window's language: its words, Qt's own, and how numbers and dates are written."""

from PySide6.QtCore import QLibraryInfo, QLocale, QObject, QTranslator
from PySide6.QtWidgets import QApplication

from her2desk.texts import CATALOGUE

_LOCALES = {
    "en": QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom),
    "zh_CN": QLocale(QLocale.Language.Chinese, QLocale.Country.China),
}


class CatalogueTranslator(QTranslator):
    """Answers Qt from the program's own catalogue, for words that Qt's translators left out."""

    def isEmpty(self) -> bool:
        """Never: Qt asks an empty one nothing."""
        return False

    def translate(
        self,
        context: str,
        source: str,
        disambiguation: str | None = None,
        n: int = -1,
    ) -> str:
        """The catalogue's words; none where it has none, so that Qt's own are asked next."""
        found = CATALOGUE.translations.gettext(source) if source else source
        return found if found != source else None  # type: ignore[return-value]  # a null QString


class Speech(QObject):
    """Has Qt speak as the program does; widgets made before keep their words."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self._installed: list[QTranslator] = []

    def follow(self) -> None:
        """Take the language that the catalogue speaks now, from the next widget on.

        Numbers and dates follow the language, never the computer's own region: a number that is shown
        with a point is also typed and read with one.
        """
        QLocale.setDefault(window_locale())
        for translator in self._installed:
            self._app.removeTranslator(translator)
        self._installed = self._translators()
        for translator in self._installed:
            self._app.installTranslator(translator)

    def _translators(self) -> list[QTranslator]:
        if CATALOGUE.language == "en":
            return []
        qts_own = QTranslator(self)
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        found = qts_own.load(f"qtbase_{CATALOGUE.language}", folder)
        return [qts_own, CatalogueTranslator(self)] if found else [CatalogueTranslator(self)]


def window_locale() -> QLocale:
    """How the window writes and reads numbers and dates in the present language, without thousands'
    separators: ``1,234`` is 1.234 to some and 1234 to others.
    """
    locale = QLocale(_LOCALES.get(CATALOGUE.language, _LOCALES["en"]))
    option = QLocale.NumberOption
    locale.setNumberOptions(option.OmitGroupSeparator | option.RejectGroupSeparator)
    return locale


def speech_of(app: QApplication) -> Speech:
    """The application's one; made when it is first asked for."""
    found = app.findChild(Speech)
    return found if isinstance(found, Speech) else Speech(app)
