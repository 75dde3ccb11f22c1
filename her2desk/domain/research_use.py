"""The line that every result carries."""

from her2desk.texts import msg

RESEARCH_USE = msg("Research use: an adjunct to, never a replacement for, IHC and FISH.")
