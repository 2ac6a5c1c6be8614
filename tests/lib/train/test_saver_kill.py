"""Fifty kills of a program that trains and saves: the newest complete checkpoint restores, and training goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = 50

PROGRAM = r"""
import json, os, random, signal, sys, time
import numpy as np
import scopedjax as tf
from scopedjax._src.bridge import orbax_checkpoint, staging
from scopedjax._src.lib.train.meta_graph import read_meta_graph_file

folder, kills, mode = sys.argv[1], int(sys.argv[2]), sys.argv[3]
model, told = os.path.join(folder, "model"), folder + "-told"
numbered = mode == "numbered"


def build():
    step = tf.get_variable("step", [], tf.int64, initializer=tf.zeros_initializer())
    small = [tf.get_variable(f"small{i}", [5], initializer=tf.zeros_initializer()) for i in range(40)]
    large = tf.get_variable("large", [300, 300], initializer=tf.zeros_initializer())
    updates = [v.assign_add(tf.ones_like(v)) for v in [step, large, *small]]
    tf.group(*updates, name="train")
    tf.global_variables_initializer()
    return tf.train.Saver(max_to_keep=3)


def train(ready):
    # Restores what there is, says so, trains and saves until it is killed.
    newest = tf.train.latest_checkpoint(folder)
    if newest is not None and not numbered:
        saver = tf.train.import_meta_graph(newest + ".meta")
    else:
        saver = build()
    with tf.Session() as sess:
        if newest is None:
            sess.run("init")
        else:
            saver.recover_last_checkpoints(tf.train.get_checkpoint_state(folder).all_model_checkpoint_paths)
            saver.restore(sess, newest)
        values = sess.run({v.op.name: v for v in tf.global_variables()})
        step = int(values["step"])
        assert all(np.all(value == step) for value in values.values()), (step, values)
        sess.run("train")
        step += 1
        os.write(ready, step.to_bytes(8, "little"))
        while True:
            saver.save(sess, model, step if numbered else None)
            temporary = told + "."
            with open(temporary, "w") as file:
                file.write(str(step))
            os.replace(temporary, told)
            sess.run("train")
            step += 1


def check(path):
    # Reads a checkpoint and its graph without JAX, which a process must not have started before it forks.
    found = orbax_checkpoint.read(path)
    step = int(found["step"])
    assert len(found) == 42, sorted(found)
    assert all(np.all(value == step) for value in found.values()), step
    names = {node.name for node in read_meta_graph_file(path + ".meta").graph_def.node}
    assert {"step", "large", "save/restore_all", "train"} <= names
    return step


def newest():
    state = tf.train.get_checkpoint_state(folder)
    if state is None:
        return -1
    for path in state.all_model_checkpoint_paths:
        check(path)
    assert tf.train.latest_checkpoint(folder) == state.model_checkpoint_path
    return check(state.model_checkpoint_path)


random.seed(int(sys.argv[4]))
known, progress, between, limit = -1, 0, 0, 0.1
for _ in range(kills):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(120)
        os.close(reading)
        try:
            train(writing)
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(1)
    os.close(writing)
    begun = os.read(reading, 8)
    assert len(begun) == 8, "the program could not go on from the newest checkpoint"
    assert int.from_bytes(begun, "little") == known + 1 or known == -1, (begun, known)
    time.sleep(random.uniform(0.0, limit))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(reading)
    assert os.WIFSIGNALED(status), "the program ended by itself"
    between += any(".scopedjax-" in name for name in os.listdir(folder))
    returned = int(open(told).read()) if os.path.exists(told) else -1
    now = newest()
    assert now >= returned and now >= known, (now, returned, known)
    advanced = now > known
    progress += advanced
    limit = min(max(limit * (0.85 if advanced else 1.2), 0.01), 2.0)  # about one save a life, whatever the machine
    known = now
print(json.dumps({"step": known, "progress": progress, "mid_save": between, "left": sorted(os.listdir(folder))}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["numbered", "same name"])
def test_fifty_kills_lose_nothing(tmp_path: Path, mode: str) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    seed = int.from_bytes(os.urandom(4), "little")
    print(f"seed {seed}")
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, str(folder), str(KILLS), mode, str(seed)],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout.splitlines()[-1])
    print(result)
    # The kills hit saves, and saves got through between them: else this tested nothing.
    assert result["progress"] > KILLS // 5
    assert result["mid_save"] > KILLS // 10
    checkpoints = [name for name in result["left"] if name.startswith("model") and not name.endswith(".meta")]
    assert checkpoints == ["model"] if mode == "same name" else len(checkpoints) >= 2
