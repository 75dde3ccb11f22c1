"""Where things lie: assets that ship with the program, and the folders of the user."""

import os
from pathlib import Path

import platformdirs

APP_NAME = "Her2Desk"
LIBRARY_VARIABLE = "HER2DESK_HOME"
ENHANCER_SUFFIX = ".h2enhancer"
SHIPPED_ENHANCER = "phantom-gan"


def assets_dir() -> Path:
    """Folder of what ships with the program (demo pack, fonts, icons, translations)."""
    package = Path(__file__).resolve().parent
    bundled = package / "assets"
    return bundled if bundled.is_dir() else package.parent / "assets"


def translations_dir() -> Path:
    """Folder of the gettext catalogues."""
    return assets_dir() / "translations"


def font_path() -> Path:
    """The font of Chinese letters; it has no others."""
    return assets_dir() / "fonts" / "DroidSansFallback-names.ttf"


def help_dir() -> Path | None:
    """Folder of the built help, one folder for each language; None where it was not built.

    It ships among the assets; a source tree has it in ``build/help`` (``make help``).
    """
    places = (assets_dir() / "help", Path(__file__).resolve().parent.parent / "build" / "help")
    return next((place for place in places if (place / "en" / "window").is_dir()), None)


def demo_pack_path() -> Path:
    """The pack trained on simulated phantoms that ships with the program."""
    return assets_dir() / "demo" / "phantom-demo.h2pack"


def shipped_enhancer_path() -> Path:
    """The enhancer trained on simulated phantoms that ships with the program."""
    return assets_dir() / "enhancement" / f"{SHIPPED_ENHANCER}{ENHANCER_SUFFIX}"


def demo_case_dir() -> Path:
    """The simulated demo case: ``demo.dcm``, ``roi.json``, ``clinical.json``."""
    return assets_dir() / "demo" / "case"


def demo_numbers_path() -> Path:
    """What the demo case gives by the demo pack, to compare with."""
    return assets_dir() / "demo" / "self-test.json"


def contour_network_path() -> Path:
    """The network that proposes outlines; its manifest lies beside it."""
    return assets_dir() / "assist" / "contour-1.safetensors"


def usual_library_dir() -> Path:
    """The library's folder where nobody chose one in the settings.

    ``HER2DESK_HOME`` when set, the platform's data folder else.
    """
    named = os.environ.get(LIBRARY_VARIABLE)
    return Path(named) if named else Path(platformdirs.user_data_dir(APP_NAME, appauthor=False))


def default_cache_dir() -> Path:
    """Folder of what can be worked out again; it follows ``HER2DESK_HOME`` too."""
    named = os.environ.get(LIBRARY_VARIABLE)
    if named:
        return Path(named) / "cache"
    return Path(platformdirs.user_cache_dir(APP_NAME, appauthor=False))


def settings_path() -> Path:
    """The settings file; it follows ``HER2DESK_HOME`` so that a library can be carried whole."""
    named = os.environ.get(LIBRARY_VARIABLE)
    folder = Path(named) if named else Path(platformdirs.user_config_dir(APP_NAME, appauthor=False))
    return folder / "settings.json"
