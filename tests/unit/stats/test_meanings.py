"""Every figure on screen can be explained in two or three plain sentences."""

import re

import pytest

from her2desk.stats.meanings import Figure, meaning

FORBIDDEN = ("risk", "diagnos")


@pytest.mark.parametrize("figure", Figure)
def test_a_figure_has_a_title_and_a_few_sentences(figure):
    found = meaning(figure)
    assert found.title.text()
    text = found.text.text()
    sentences = re.split(r"(?<=[.])\s", text)
    assert 2 <= len(sentences) <= 4
    assert text.endswith(".")
    assert len(text) <= 330  # fits a popover


@pytest.mark.parametrize("figure", Figure)
def test_no_word_promises_more_than_the_numbers(figure):
    text = meaning(figure).text.text().lower()
    assert not any(word in text for word in FORBIDDEN)


def test_no_two_figures_share_a_title():
    titles = [meaning(figure).title.text() for figure in Figure]
    assert len(set(titles)) == len(titles)
