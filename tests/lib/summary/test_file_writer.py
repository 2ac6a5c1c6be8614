"""Event files: the same events as from TensorFlow's FileWriter, read by both sides, and by TensorBoard's own reader."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
from tensorboard.compat.proto import config_pb2, event_pb2, graph_pb2, meta_graph_pb2, summary_pb2

from scopedjax._src.base import errors
from scopedjax._src.lib.summary.event_reader import summary_iterator
from scopedjax._src.lib.summary.file_writer import FileWriter, FileWriterCache
from tests import oracle

pytestmark = pytest.mark.oracle

OURS = SimpleNamespace(
    summary=SimpleNamespace(FileWriter=FileWriter, FileWriterCache=FileWriterCache),
    train=SimpleNamespace(summary_iterator=summary_iterator),
    Summary=summary_pb2.Summary,
    SummaryMetadata=summary_pb2.SummaryMetadata,
    Event=event_pb2.Event,
    SessionLog=event_pb2.SessionLog,
    RunMetadata=config_pb2.RunMetadata,
    GraphDef=graph_pb2.GraphDef,
    MetaGraphDef=meta_graph_pb2.MetaGraphDef,
)


class _Graph:
    """Something with `as_graph_def`, in either namespace."""

    def __init__(self, tf: Any) -> None:
        self.graph_def = tf.GraphDef()
        self.graph_def.node.add(name="c", op="NoOp")

    def as_graph_def(self, add_shapes: bool = False) -> Any:
        assert add_shapes
        return self.graph_def


def _file(folder: Path) -> str:
    (name,) = os.listdir(folder)
    return str(folder / name)


def _events(data: Any) -> list[Any]:
    """What the events say, without times and without who wrote them."""
    found = []
    for event in data:
        what = event.WhichOneof("what")
        if what == "graph_def":
            content: Any = graph_pb2.GraphDef.FromString(event.graph_def)
        elif what == "meta_graph_def":
            content = meta_graph_pb2.MetaGraphDef.FromString(event.meta_graph_def).graph_def
        else:
            content = getattr(event, what)
        assert event.wall_time == 0.0 or abs(event.wall_time - time.time()) < 600
        found.append((what, event.step, str(content)))
    return found


def _same_files(body: Any, tmp_path: Path) -> list[Any]:
    """`body(tf, folder)` writes a file on each side; each file is read by both readers, and by TensorBoard's."""
    tf = oracle.real_tf()
    read = []
    for name, module in (("theirs", tf), ("ours", OURS)):
        folder = tmp_path / name
        body(module, str(folder))
        path = _file(folder)
        read += [_events(tf.train.summary_iterator(path)), _events(summary_iterator(path))]
        read.append(_events(event_pb2.Event.FromString(data) for data in _raw(path)))
    for other in read[1:]:
        oracle.assert_same(read[0], other)
    return read[0]


def _raw(path: str) -> Any:
    return (event.SerializeToString() for event in LegacyEventFileLoader(path).Load())


def _value(tf: Any, tag: str, number: float, described: bool = False) -> Any:
    value = tf.Summary.Value(tag=tag, simple_value=number)
    if described:
        value.metadata.display_name = f"about {tag}"
    return value


def test_summaries_as_messages_and_as_bytes(tmp_path: Path) -> None:
    def body(tf: Any, folder: str) -> None:
        with tf.summary.FileWriter(folder) as writer:
            for step in range(3):
                summary = tf.Summary(value=[_value(tf, "a", step), _value(tf, "b", -step)])
                writer.add_summary(summary, step)
                writer.add_summary(summary.SerializeToString(), global_step=np.int64(step))
            writer.add_summary(tf.Summary())

    assert len(_same_files(body, tmp_path)) == 8


def test_metadata_is_written_once_a_tag(tmp_path: Path) -> None:
    def body(tf: Any, folder: str) -> None:
        with tf.summary.FileWriter(folder) as writer:
            for step in range(3):
                values = [_value(tf, "a", step, described=True), _value(tf, "b", step, described=step > 0)]
                writer.add_summary(tf.Summary(value=values).SerializeToString(), step)

    _same_files(body, tmp_path)


def test_what_was_given_is_not_changed(tmp_path: Path) -> None:
    """TensorFlow drops the metadata from the user's own message; here from a copy."""
    summary = summary_pb2.Summary(value=[_value(OURS, "a", 1.0, described=True)])
    with FileWriter(tmp_path) as writer:
        writer.add_summary(summary, 0)
        writer.add_summary(summary, 1)
    assert summary.value[0].HasField("metadata")


def test_graphs_logs_and_metadata(tmp_path: Path) -> None:
    def body(tf: Any, folder: str) -> None:
        graph_def = _Graph(tf).graph_def
        with tf.summary.FileWriter(folder) as writer:
            writer.add_graph(graph_def, global_step=3)
            writer.add_graph(None, graph_def=graph_def)
            writer.add_meta_graph(tf.MetaGraphDef(graph_def=graph_def), 4)
            writer.add_session_log(tf.SessionLog(status=tf.SessionLog.START), 5)
            writer.add_run_metadata(tf.RunMetadata(), "run", 6)
            writer.add_event(tf.Event(step=9, wall_time=0.0, summary=tf.Summary(value=[_value(tf, "x", 1.0)])))

    kinds = [event[0] for event in _same_files(body, tmp_path)]
    graphs = ["graph_def", "graph_def", "meta_graph_def"]
    assert kinds == ["file_version", *graphs, "session_log", "tagged_run_metadata", "summary"]


def test_a_graph_given_to_the_constructor(tmp_path: Path) -> None:
    def body(tf: Any, folder: str) -> None:
        if tf is OURS:
            FileWriter(folder, _Graph(tf)).close()
            return
        graph = tf.Graph()
        with graph.as_default():
            tf.no_op(name="c")
        tf.summary.FileWriter(folder, graph).close()

    tf = oracle.real_tf()
    for name, module in (("theirs", tf), ("ours", OURS)):
        body(module, str(tmp_path / name))
    read = [summary_iterator(_file(tmp_path / name)) for name in ("theirs", "ours")]
    theirs, ours = ([(e.WhichOneof("what"), e.step) for e in events] for events in read)
    oracle.assert_same(theirs, ours)


def test_messages_of_real_tensorflow_are_taken(tmp_path: Path) -> None:
    tf = oracle.real_tf()
    with FileWriter(tmp_path) as writer:
        writer.add_summary(tf.Summary(value=[_value(tf, "a", 2.0)]), 1)
        writer.add_graph(_Graph(tf))
    assert [e[0] for e in _events(summary_iterator(_file(tmp_path)))] == ["file_version", "summary", "graph_def"]


def test_refusals(tmp_path: Path) -> None:
    def attempts(tf: Any, folder: str) -> list[Any]:
        writer = tf.summary.FileWriter(folder)
        graph_def = _Graph(tf).graph_def
        writer.add_run_metadata(tf.RunMetadata(), "run")
        calls = [
            lambda: writer.add_run_metadata(tf.RunMetadata(), "run"),
            lambda: writer.add_graph(3),
            lambda: writer.add_graph(None),
            lambda: writer.add_meta_graph(3),
            lambda: writer.add_graph(graph_def, graph_def=graph_def),
            lambda: tf.summary.FileWriter(folder, graph=3),
        ]
        found = []
        for call in calls:
            try:
                found.append(call())
            except Exception as error:
                found.append(oracle.Raised.of(error))
        writer.close()
        return found

    oracle.assert_same(attempts(oracle.real_tf(), str(tmp_path / "theirs")), attempts(OURS, str(tmp_path / "ours")))
    with FileWriter(tmp_path / "more") as writer:
        for call in (writer.add_summary, writer.add_event, writer.add_session_log):
            with pytest.raises(TypeError, match=r"takes"):
                call(3)
        with pytest.raises(Exception, match="Error parsing message"):
            writer.add_summary(b"bad")


def test_folders_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for name in ("file", "file/below"):
        path = str(tmp_path / name)
        with pytest.raises(oracle.real_tf().errors.FailedPreconditionError) as theirs:
            oracle.real_tf().summary.FileWriter(path)
        with pytest.raises(errors.FailedPreconditionError) as ours:
            FileWriter(path)
        oracle.assert_same(oracle.Raised.of(theirs.value), oracle.Raised.of(ours.value))


def test_a_closed_writer_warns_and_can_be_reopened(tmp_path: Path) -> None:
    writer = FileWriter(tmp_path)
    writer.close()
    writer.close()
    for call in (
        lambda: writer.add_summary(summary_pb2.Summary(), 1),
        writer.flush,
        lambda: writer.add_graph(_Graph(OURS)),
    ):
        with pytest.warns(UserWarning, match="Attempting to use a closed FileWriter"):
            call()
    writer.reopen()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        writer.add_summary(summary_pb2.Summary(), 7)
    writer.close()
    files = sorted(tmp_path.iterdir(), key=lambda p: int(p.name.rsplit(".", 1)[1]))
    assert [[e.step for e in summary_iterator(f)] for f in files] == [[0], [0, 7]]


def test_names_of_files(tmp_path: Path) -> None:
    """TensorFlow's name with process and counter after it; two writers of one folder do not share a file."""
    writers = [FileWriter(tmp_path, filename_suffix=".mine") for _ in range(3)]
    names = os.listdir(tmp_path)
    assert len(names) == 3
    assert all(name.startswith("events.out.tfevents.") and name.endswith(".mine") for name in names)
    theirs = oracle.real_tf().summary.FileWriter(str(tmp_path / "theirs"), filename_suffix=".mine")
    (their_name,) = os.listdir(tmp_path / "theirs")
    assert names[0].split(".")[:3] == their_name.split(".")[:3] and names[0].split(".")[4] == their_name.split(".")[4]
    theirs.close()
    for writer in writers:
        writer.close()


def test_get_logdir_and_paths(tmp_path: Path) -> None:
    folder = pathlib.Path(tmp_path) / "deep" / "er"
    with FileWriter(folder) as writer:
        assert writer.get_logdir() == folder
    assert _file(folder)


def test_flush_makes_events_visible_and_time_does_too(tmp_path: Path) -> None:
    writer = FileWriter(tmp_path, flush_secs=1000, max_queue=1000)

    def steps() -> list[int]:
        return [e.step for e in summary_iterator(_file(tmp_path))]

    writer.add_summary(summary_pb2.Summary(), 1)
    assert steps() == [0]
    writer.flush()
    assert steps() == [0, 1]
    writer._file._flush_secs = 0
    writer._file._next_flush = 0.0
    writer.add_summary(summary_pb2.Summary(), 2)
    assert steps() == [0, 1, 2]
    writer.close()


def test_a_full_queue_is_handed_on(tmp_path: Path) -> None:
    writer = FileWriter(tmp_path, flush_secs=1000, max_queue=5)
    for step in range(1, 7):
        writer.add_summary(summary_pb2.Summary(), step)
    assert len(list(summary_iterator(_file(tmp_path)))) == 7
    writer.close()


def test_a_forgotten_writer_loses_nothing(tmp_path: Path) -> None:
    """Neither when the object is forgotten nor when the process ends without `close`."""
    writer = FileWriter(tmp_path / "a", flush_secs=1000, max_queue=1000)
    writer.add_summary(summary_pb2.Summary(), 1)
    del writer
    assert len(list(summary_iterator(_file(tmp_path / "a")))) == 2
    code = (
        "from scopedjax._src.lib.summary.file_writer import FileWriter\n"
        "from tensorboard.compat.proto import summary_pb2\n"
        f"w = FileWriter({str(tmp_path / 'b')!r}, flush_secs=1000, max_queue=1000)\n"
        "w.add_summary(summary_pb2.Summary(), 1)\n"
        "import sys; assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, cwd=Path(__file__).parents[3])
    assert len(list(summary_iterator(_file(tmp_path / "b")))) == 2


def test_threads_share_a_writer(tmp_path: Path) -> None:
    writer = FileWriter(tmp_path)

    def write(first: int) -> None:
        for step in range(first, first + 200):
            writer.add_summary(summary_pb2.Summary(value=[_value(OURS, "a", step)]), step)

    threads = [threading.Thread(target=write, args=(1 + 200 * i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    assert sorted(e.step for e in summary_iterator(_file(tmp_path))) == list(range(801))


def test_the_cache(tmp_path: Path) -> None:
    first = FileWriterCache.get(str(tmp_path))
    assert FileWriterCache.get(str(tmp_path)) is first and isinstance(first, FileWriter)
    FileWriterCache.clear()
    assert FileWriterCache.get(str(tmp_path)) is not first
    FileWriterCache.clear()


def test_damaged_event_files(tmp_path: Path) -> None:
    with FileWriter(tmp_path / "a") as writer:
        writer.add_summary(summary_pb2.Summary(value=[_value(OURS, "a", 1.0)]), 1)
    good = Path(_file(tmp_path / "a")).read_bytes()
    flipped = bytearray(good)
    flipped[-6] ^= 255
    for data in (bytes(flipped), good[:-3], good[:-30], b"no events at all, only text"):
        (tmp_path / "damaged").write_bytes(data)
        outcomes = []
        for read in (oracle.real_tf().train.summary_iterator, summary_iterator):
            count = 0
            try:
                for _ in read(str(tmp_path / "damaged")):
                    count += 1
                outcomes.append([count, ""])
            except Exception as error:
                outcomes.append([count, oracle.Raised.of(error)])
        oracle.assert_same(*outcomes)
    with pytest.raises(errors.NotFoundError, match="No such file or directory"):
        summary_iterator(str(tmp_path / "none"))
