"""How readers and packs agreed: a table of readings, and what it adds up to."""
