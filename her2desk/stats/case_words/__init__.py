"""Sentences on how far one answer can be believed: its zone, its counts, patterns, range and band.

Every sentence has a form for one, for none and for what is not known (V15). Window, command line and
report say the same.
"""

from her2desk.stats.case_words.answer import (
    call_counts_sentence,
    doubt_sentence,
    no_table_sentence,
    rule_sentence,
)
from her2desk.stats.case_words.concerns import concerns
from her2desk.stats.case_words.enhancement import enhancement_sentence
from her2desk.stats.case_words.failures import error_sentence, pattern_label, sign_sentence
from her2desk.stats.case_words.familiarity import (
    distance_sentence,
    near_sentence,
    place_sentence,
    seen_sentences,
    trait_value,
)
from her2desk.stats.case_words.moves import frames_sentence, stability_sentence, unknown_sentence

__all__ = [
    "call_counts_sentence",
    "concerns",
    "distance_sentence",
    "doubt_sentence",
    "enhancement_sentence",
    "error_sentence",
    "frames_sentence",
    "near_sentence",
    "no_table_sentence",
    "pattern_label",
    "place_sentence",
    "rule_sentence",
    "seen_sentences",
    "sign_sentence",
    "stability_sentence",
    "trait_value",
    "unknown_sentence",
]
