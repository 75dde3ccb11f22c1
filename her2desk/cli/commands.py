"""The names of the commands, readable without loading any of them."""

COMMANDS = (
    "import", "predict", "report", "train", "train-enhancer", "validate", "features", "evaluate",
    "nomogram", "pack", "phantom", "agreement", "outline", "deidentify", "doctor", "audit", "pathology",
    "library", "pacs", "benchmark", "settings", "policy",
)  # fmt: skip
