"""The promises, by number. A test says which of them it holds with ``@pytest.mark.promise(n)``.

Those in `STILL_TO_COME` have no mechanism yet; `test_promises.py` fails when one of the others has
no test, and when one that is still to come has some: then it belongs to the others.
"""

from __future__ import annotations

PROMISES = {
    1: "What log has returned for survives kill -9, a later crash, a full disk, a lost database.",
    2: "Deleting the index loses nothing; rebuilding gives the same answers.",
    3: "Any schedule of catch-ups by any number of processes, cut anywhere, gives the same index.",
    4: "A damaged file harms one run; that run is still listed, with its problem.",
    5: "No plugin, disk or database trouble stops a training run; finish keeps its deadline.",
    6: "A version of an artifact never changes; equal content is stored once.",
    7: "gc never deletes what a manifest names, and says how many bytes it freed.",
    8: "Resuming drops nothing.",
    9: "A run's state is honest: finished, failed, interrupted, killed, lost, with its evidence.",
    10: "V1 answers without an index and never changes shape.",
    11: "Nothing leaves this machine unless asked; nobody gets in who should not.",
    12: "A live listener gets each line once and in order, whatever happens to the socket.",
    13: "A second sync or push changes nothing and moves only what is new.",
    14: "Memory and file handles stay flat.",
}

STILL_TO_COME = frozenset({6, 7, 13})
