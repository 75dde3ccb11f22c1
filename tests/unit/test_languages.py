"""Which language is spoken, by the program and by what it starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from her2desk.languages import (
    LANGUAGE_VARIABLE,
    LANGUAGES,
    chosen_language,
    language_of_setting,
    speak,
    system_locale,
)
from her2desk.texts import CATALOGUE, listed, listed_apart, msg, phrase, tr
from tests.ready_processes import run_her2desk


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("zh_CN.UTF-8", "zh_CN"),
        ("zh_Hans", "zh_CN"),
        ("zh-Hans-CN", "zh_CN"),
        ("zh", "zh_CN"),
        ("zh_TW.UTF-8", "zh_CN"),
        ("en_GB.UTF-8", "en"),
        ("de_DE", "en"),
        ("C", "en"),
        ("", "en"),
    ],
)
def test_the_system_s_language_is_followed_where_nothing_else_is_said(locale, expected):
    assert chosen_language("system", {}, locale) == expected


def test_the_setting_goes_before_the_system_and_the_variable_before_both():
    assert chosen_language("zh_CN", {}, "en_GB") == "zh_CN"
    assert chosen_language("en", {}, "zh_CN") == "en"
    assert chosen_language("en", {LANGUAGE_VARIABLE: "zh_CN"}, "en_GB") == "zh_CN"
    assert chosen_language("zh_CN", {LANGUAGE_VARIABLE: "system"}, "en_GB") == "en"


def test_what_this_version_does_not_know_is_passed_over():
    assert chosen_language("tlh", {LANGUAGE_VARIABLE: "xx"}, "zh_CN") == "zh_CN"
    assert chosen_language("tlh", {}, "fr_FR") == "en"


def test_a_choice_in_the_settings_counts_whatever_the_run_was_told(monkeypatch):
    monkeypatch.setenv(LANGUAGE_VARIABLE, "zh_CN")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert language_of_setting("en") == language_of_setting("system") == "en"


def test_the_locale_is_read_as_the_system_does(monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert sys.platform != "linux" or system_locale() == ""
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    assert system_locale() == "en_GB.UTF-8"
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert system_locale() == "zh_CN.UTF-8"


def test_children_speak_as_their_parent_does():
    speak("zh_CN")
    code = "import os; print(os.environ['HER2DESK_LANGUAGE'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "zh_CN"


def test_a_language_without_a_catalogue_is_english(tmp_path, monkeypatch):
    monkeypatch.setattr("her2desk.languages.translations_dir", lambda: tmp_path)
    speak("zh_CN")
    assert CATALOGUE.language == "en"
    assert os.environ[LANGUAGE_VARIABLE] == "en"
    assert tr("Settings") == "Settings"


def test_every_language_has_its_own_name():
    assert [language.name for language in LANGUAGES] == ["English", "简体中文"]
    assert [language.tag for language in LANGUAGES] == ["en", "zh-CN"]


def test_a_list_is_written_as_its_language_writes_lists():
    """It is made once, in a layer without a language, and read in the one then in use."""
    sentence = msg("Not known: {names}.", names=listed([msg("Age"), "PR", "Ki-67"]))
    assert sentence.text() == "Not known: Age, PR, Ki-67."
    assert str(listed_apart(["a, b", "c"])) == "a, b; c"
    assert str(listed([])) == ""
    assert str(listed(["{braces}"])) == "{braces}"
    speak("zh_CN")
    assert sentence.text() == "未知：年龄、PR、Ki-67。"


def test_a_list_may_be_long():
    names = [f"P{n:04d}" for n in range(5000)]
    assert str(listed(names)) == ", ".join(names)


def test_a_phrase_is_read_with_its_sentence():
    inside = phrase(msg("Age"))
    speak("zh_CN")
    assert str(inside) == "年龄"


@pytest.mark.parametrize("code", ["en", "zh_CN"])
def test_the_command_line_speaks_it_and_its_documents_keep_their_words(code):
    environment = {LANGUAGE_VARIABLE: code}
    helped = run_her2desk("predict", "--help", environment=environment)
    refused = run_her2desk("predict", "absent.dcm", "--frame", "x", environment=environment)
    document = run_her2desk("pack", "info", "absent.h2pack", "--json", environment=environment)
    assert '"code": "' in document.stdout
    is_chinese = code == "zh_CN"
    assert ("用法" in helped.stdout) is is_chinese
    assert ("Usage: " in helped.stdout) is not is_chinese
    assert ("Options" in helped.stdout) is not is_chinese
    assert ("Show this message" in helped.stdout) is not is_chinese
    assert ("Invalid value" in refused.stderr) is not is_chinese
    assert "--frame" in refused.stderr


def test_a_command_started_in_a_chinese_system_speaks_chinese(own_home: Path):
    environment = {k: v for k, v in os.environ.items() if k != LANGUAGE_VARIABLE}
    done = subprocess.run(
        [sys.executable, "-m", "her2desk", "report", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**environment, "LC_ALL": "zh_CN.UTF-8", "PYTHONUTF8": "1"},
    )
    assert "用法" in done.stdout
