"""The real TensorBoard, started on loopback, reads over HTTP what a training program wrote: all kinds and the graph."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests import oracle

pytestmark = pytest.mark.slow

STEPS = 5
PICTURES = np.random.default_rng(0).integers(0, 256, size=(2, 6, 5, 3)).astype(np.uint8)
TONE = np.sin(np.arange(400, dtype=np.float32) * 0.3)[None] * np.float32(0.5)


def _train(tf: Any, folder: str) -> dict[str, Any]:
    """A small training program with summaries of each kind; returns what was computed."""
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 3], name="x")
        with tf.variable_scope("layer"):
            w = tf.get_variable("w", initializer=tf.constant([[0.5], [-1.0], [2.0]]))
        loss = tf.reduce_mean(tf.square(tf.matmul(x, w)), name="loss")
        train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
        tf.summary.scalar("loss", loss, family="train")
        tf.summary.histogram("weights", w)
        merged = tf.summary.merge_all()
        once = tf.summary.merge(
            [
                tf.summary.image("pictures", tf.constant(PICTURES)),
                tf.summary.audio("tone", tf.constant(TONE), 8000.0, max_outputs=1),
                tf.summary.text("notes", tf.constant("a **bold** word")),
            ]
        )
        session.run(tf.global_variables_initializer())
        losses, weights = [], []
        with tf.summary.FileWriter(folder, session.graph) as writer:
            writer.add_summary(session.run(once), 0)
            for step in range(STEPS):
                feed = {x: np.float32([[1, 2, 3], [0.5, -1, step]])}
                summary, value, now = session.run([merged, loss, w], feed)
                writer.add_summary(summary, step)
                losses.append(float(value))
                weights.append(now.ravel())
                session.run(train, feed)
    return {"losses": losses, "weights": weights}


class Board:
    """A running TensorBoard."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process = process
        self.address = address

    def get(self, path: str, text: str = "", **query: Any) -> bytes:
        """The body of a page; `text` is a query that TensorBoard itself has put together."""
        url = f"{self.address}/data/plugin/{path}?{text or urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.read()

    def json(self, path: str, **query: Any) -> Any:
        """The JSON of a page."""
        return json.loads(self.get(path, **query))

    def wait_for(self, path: str, holds: Callable[[Any], bool], **query: Any) -> Any:
        """The JSON of a page once it holds what was written: TensorBoard loads in the background."""
        deadline = time.monotonic() + 120
        found: Any = None
        while time.monotonic() < deadline:
            try:
                found = self.json(path, **query)
                if holds(found):
                    return found
            except (urllib.error.HTTPError, ConnectionError, TimeoutError) as error:
                found = error
            time.sleep(0.3)
        raise AssertionError(f"{path} {query}: TensorBoard shows {found!r}")


def _address(process: subprocess.Popen[str]) -> str:
    """Where TensorBoard listens; it says so on standard error."""
    lines: list[str] = []
    found: list[str] = []
    ready = threading.Event()

    def read() -> None:
        for line in process.stderr or ():
            lines.append(line)
            match = re.search(r"at (http://[\d.]+:\d+)", line)
            if match:
                found.append(match.group(1))
                ready.set()
        ready.set()

    threading.Thread(target=read, daemon=True).start()
    ready.wait(120)
    assert found, "TensorBoard did not start:\n" + "".join(lines)
    return found[0]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Board, dict[str, Any]]]:
    """A TensorBoard that shows a run of ours, and what the run computed."""
    folder = tmp_path_factory.mktemp("logs")
    computed = _train(oracle.our_tf(), str(folder))
    # A process without TensorFlow, as on a user's machine: TensorBoard would use it where it is installed.
    start = "import sys; sys.modules['tensorflow'] = None; from tensorboard.main import run_main; run_main()"
    command = [sys.executable, "-c", start, "--logdir", str(folder), "--host", "127.0.0.1", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--load_fast=false", "--reload_interval=1"], stderr=subprocess.PIPE, text=True
    )
    try:
        yield Board(process, _address(process)), computed
    finally:
        process.terminate()
        process.wait(30)
        if process.stderr is not None:
            process.stderr.close()


Run = tuple[Board, dict[str, Any]]


def test_scalars(run: Run) -> None:
    board, computed = run
    tag = "train/train/loss"
    board.wait_for("scalars/tags", lambda tags: tag in tags.get(".", {}))
    points = board.wait_for("scalars/scalars", lambda points: len(points) == STEPS, tag=tag, run=".")
    assert [step for _, step, _ in points] == list(range(STEPS))
    np.testing.assert_allclose([value for *_, value in points], computed["losses"], rtol=1e-6)


def test_histograms(run: Run) -> None:
    board, computed = run
    board.wait_for("histograms/tags", lambda tags: "weights" in tags.get(".", {}))
    points = board.wait_for("histograms/histograms", lambda points: len(points) == STEPS, tag="weights", run=".")
    for (_, step, buckets), weights in zip(points, computed["weights"], strict=True):
        assert sum(count for *_, count in buckets) == len(weights), step
        for weight in weights:
            assert any(low <= weight <= high and count for low, high, count in buckets), (weight, buckets)


def test_images(run: Run) -> None:
    board, _ = run
    tags = board.wait_for("images/tags", lambda tags: len(tags.get(".", {})) == 2)
    assert sorted(tags["."]) == ["pictures/image/0", "pictures/image/1"]
    for at, tag in enumerate(sorted(tags["."])):
        (image,) = board.json("images/images", tag=tag, run=".", sample=0)
        assert image["step"] == 0
        data = board.get("images/individualImage", image["query"])
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), PICTURES[at])


def test_audio(run: Run) -> None:
    board, _ = run
    board.wait_for("audio/tags", lambda tags: "tone/audio" in tags.get(".", {}))
    (sound,) = board.json("audio/audio", tag="tone/audio", run=".", sample=0)
    data = board.get("audio/individualAudio", sound["query"])
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getframerate(), file.getnframes(), file.getnchannels()) == (8000, TONE.size, 1)
        heard = np.frombuffer(file.readframes(TONE.size), "<i2") / 32768
    np.testing.assert_allclose(heard, TONE[0], atol=1e-4)


def test_text(run: Run) -> None:
    board, _ = run
    board.wait_for("text/tags", lambda tags: "notes" in tags.get(".", []))
    (entry,) = board.json("text/text", tag="notes", run=".")
    assert entry["step"] == 0 and "<strong>bold</strong>" in entry["text"]


def test_the_graph(run: Run) -> None:
    board, _ = run
    info = board.wait_for("graphs/info", lambda info: bool(info.get(".")))
    assert info["."]["run_graph"]
    page = board.get("graphs/graph", run=".", conceptual="false").decode()
    names = re.findall(r'node \{\s+name: "([^"]+)"\s+op: "([^"]+)"', page)
    assert ("x", "Placeholder") in names and ("layer/w", "VariableV2") in names and ("loss", "Mean") in names
    assert "_output_shapes" in page


def test_real_tensorflow_writes_the_same_events(tmp_path: Path) -> None:
    """The same program under TensorFlow: its event file has the same tags, steps and numbers."""
    tf = oracle.real_tf()
    found = []
    for name, module in (("theirs", tf), ("ours", oracle.our_tf())):
        _train(module, str(tmp_path / name))
        (path,) = (tmp_path / name).iterdir()
        events = [e for e in tf.train.summary_iterator(str(path)) if e.HasField("summary")]
        found.append(
            [
                (
                    e.step,
                    v.tag,
                    v.WhichOneof("value"),
                    v.metadata.plugin_data.plugin_name,
                    np.float32(v.simple_value),
                    v.histo.num,
                )
                for e in events
                for v in e.summary.value
            ]
        )
    oracle.assert_same(*found)
