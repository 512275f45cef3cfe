"""A process that logs media is killed; every event that is there has its file, whole."""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from runicorn.layout import run_dir
from runicorn.query.media import list_media, read_table

# Says each step on a pipe after `log` has returned for it: those are the acknowledged ones.
CHILD = """
import os, sys
import numpy as np
import runicorn as rn
rn.init("crash", "media", run_id="victim", storage=sys.argv[1], capture_env=False,
        capture_console=False, system_metrics=False)
pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
step = 0
while True:
    step += 1
    table = rn.Table({"n": [step], "image": [rn.Image(pixels)]})
    rn.log({"image": rn.Image(pixels + np.uint8(step % 256)), "table": table, "loss": 1.0})
    os.write(1, b"%d\\n" % step)
"""


@pytest.mark.promise(1)
@pytest.mark.parametrize("seed", range(4))
def test_every_event_has_its_file_and_every_acknowledged_call_its_events(
    root: Path, seed: int
) -> None:
    after = random.Random(seed).randrange(1, 300)
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(root)], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        said = b""
        while said.count(b"\n") < after:
            block = os.read(child.stdout.fileno(), 65536)
            assert block, "the child ended by itself"
            said += block
        os.kill(child.pid, signal.SIGKILL)
        said += child.stdout.read()
        assert child.wait(30) == -signal.SIGKILL

    folder = run_dir(root, "crash", "media", "victim")
    listed = list_media(folder)
    images = [item for item in listed if item.kind == "image"]
    tables = [item for item in listed if item.kind == "table"]
    n_lines = folder.journal.read_bytes().count(b'"type":"metrics"')
    # All of a call is there or nothing; the kill may come between the write and the answer.
    assert len(images) == len(tables) == n_lines
    assert n_lines - said.count(b"\n") in {0, 1}
    for item in listed:
        assert item.is_whole()
    for item in images:
        assert item.path is not None
        assert np.asarray(PIL.Image.open(io.BytesIO(item.path.read_bytes()))).shape == (64, 64, 3)
    for item in tables:
        assert item.path is not None
        ((number, cell),) = read_table(item.path).rows
        assert number == item.step
        assert (folder.path / cell["path"]).read_bytes().startswith(b"\x89PNG")
