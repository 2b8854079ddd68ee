"""What every message to a person has in common."""

from __future__ import annotations

import re

FOREIGN = re.compile(
    r"Traceback|Error\b|<class|\bNone\b(?! of)|object at 0x|pydantic|Input should|torch\.|mat1|Sizes of tensors"
)
"""Words of programs and libraries that no sentence of ours has."""


def clear(sentence: str) -> bool:
    """Return whether a message is one line that ends as a sentence and is no program's own text."""
    assert sentence.splitlines() == [sentence]
    assert sentence.endswith((".", "?")), sentence
    assert len(sentence) < 400, sentence
    assert not FOREIGN.search(re.sub(r'"[^"]*"', "", sentence)), sentence  # what is quoted is the user's
    return True
