"""Fifty kills at random moments while a process saves over and over: nothing is lost, and what restores is of one step.

The saver saves the same name (the hard case: the old checkpoint must make room) and numbered ones, with small arrays
and large ones, and writes the state file as `Saver` does. It tells each save that has returned; a kill may not take
any of those back.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = 50

CHILD = r"""
import glob, json, os, random, signal, sys, time
import numpy as np
from scopedjax._src.bridge import orbax_checkpoint, staging
from scopedjax._src.lib.train import checkpoint_state

folder, kills, mode = sys.argv[1], int(sys.argv[2]), sys.argv[3]
path, told = os.path.join(folder, "model"), os.path.join(folder, "told")
SHAPES = [(10,)] * 30 + [(400, 400)] * 3


def arrays(step):
    found = {f"v{i}": np.full(shape, step, np.float64) for i, shape in enumerate(SHAPES)}
    return found | {"global_step": np.int64(step), "name": np.array(str(step).encode() * 3, object)}


def name(step):
    return path if mode == "same name" else f"{path}-{step}"


def saver(start):
    # One write of at most 8 bytes at a fixed place: what was told is whole.
    report = os.open(told, os.O_WRONLY | os.O_CREAT)
    kept = []
    step = start
    while True:
        orbax_checkpoint.write(name(step), arrays(step), {"step": step})
        checkpoint_state.write_checkpoint_state(folder, name(step), kept + [name(step)])
        os.pwrite(report, b"%8d" % step, 0)
        if mode != "same name":
            kept = [p for p in kept + [name(step)]][-3:]
            for old in set(glob.glob(path + "-*")) - set(kept):
                checkpoint_state.remove_checkpoint(old)
        step += 1


def restored():
    newest = checkpoint_state.latest_checkpoint(folder)
    if newest is None:
        return None
    found = orbax_checkpoint.read(newest)
    step = orbax_checkpoint.read_metadata(newest)["step"]
    wanted = arrays(step)
    assert sorted(found) == sorted(wanted)
    for key, value in wanted.items():
        assert found[key].tolist() == value.tolist(), (key, step)
    return step


random.seed(int(sys.argv[4]))
progress, between, limit = 0, 0, 0.02
step = -1
for _ in range(kills):
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        saver(step + 1)
    time.sleep(random.uniform(0.0, limit))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    returned = int(open(told).read() or -1) if os.path.exists(told) else -1
    hidden = [n for n in os.listdir(folder) if ".scopedjax-" in n]
    between += bool(hidden)
    now = restored()
    assert now is None or now >= step, (now, step)
    assert (now is None and returned < 0) or now >= returned, (now, returned)
    advanced = now is not None and now > step
    progress += advanced
    limit = min(limit * (0.9 if advanced else 1.2), 2.0)  # about one save a life, however fast the machine is
    step = -1 if now is None else now
orbax_checkpoint.write(path + "-last", arrays(0), {"step": 0})
staging.settle()
print(json.dumps({"step": step, "progress": progress, "mid_save": between, "left": sorted(os.listdir(folder))}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["same name", "numbered"])
def test_fifty_kills_lose_nothing(tmp_path: Path, mode: str) -> None:
    seed = int.from_bytes(os.urandom(4), "little")
    print(f"seed {seed}")
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHILD, str(tmp_path), str(KILLS), mode, str(seed)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout.splitlines()[-1])
    print(result)
    # The kills hit saves, and saves got through between them: else this tested nothing.
    assert result["progress"] > KILLS // 5
    assert result["mid_save"] > KILLS // 5
    names = [name for name in result["left"] if ".scopedjax-" in name]
    assert not names, names
    if mode == "same name":
        assert result["left"] == ["checkpoint", "model", "model-last", "told"]
