"""Goals: whether less or more of a metric is better, guessed from its name where nobody said it."""

from __future__ import annotations

import re
from typing import Literal

Goal = Literal["min", "max"]

# Whole words of a name: `loss` in `val/box_loss`, but not in `gloss`.
_LESS = "loss err error ppl perplexity nll mse rmse mae wer cer fid"
_MORE = "acc accuracy f1 auc auroc map iou miou dice bleu rouge reward precision recall"
_WORDS: dict[str, Goal] = {
    **dict.fromkeys(_LESS.split(), "min"),
    **dict.fromkeys(_MORE.split(), "max"),
}
_WORD = re.compile(r"[a-z]+[0-9]*")


def guess(key: str) -> Goal | None:
    """Guess the goal of a metric; ``None`` when its name says none, or both.

    Args:
        key: The metric's key; the last part that says something decides.
    """
    for part in reversed(key.split("/")):
        goals = {_WORDS[word] for word in _WORD.findall(part.lower()) if word in _WORDS}
        if goals:
            return goals.pop() if len(goals) == 1 else None
    return None
