"""Good files of every kind that comes from strangers, small, made here: what the fuzzer starts from."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

from scopedjax._src.cli.safetensors_files import SafetensorsSink
from scopedjax._src.cli.tensor_files import TensorInfo, dtype_name
from scopedjax._src.graph import protos
from scopedjax._src.lib.saved_model.messages import saved_model_class

ARRAYS = {
    "dense/kernel": np.arange(6, dtype=np.float32).reshape(3, 2),
    "dense/bias": np.array([0.5, np.nan], np.float16),
    "half": np.array([[1.5, -2.0]], ml_dtypes.bfloat16),
    "step": np.int64(7),
    "flags": np.array([True, False]),
    "z": np.array([1 + 2j], np.complex64),
    "empty": np.zeros((0, 3), np.int8),
}


def meta_graph(tf: Any) -> Any:
    """A graph with layers, control flow, gradients, an optimizer and a saver, as a MetaGraphDef."""
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 3], name="x")
        y = tf.layers.dense(x, 2, activation=tf.nn.relu, name="dense")
        y = tf.cond(tf.reduce_sum(y) > 0, lambda: y * 2.0, lambda: y + 1.0)
        y = tf.while_loop(lambda i, v: i < 3, lambda i, v: (i + 1, v * 0.5), [0, tf.reduce_sum(y)])[1]
        words = tf.constant([b"one", b"two"], name="words")
        tf.train.MomentumOptimizer(0.1, 0.9).minimize(y, global_step=tf.train.get_or_create_global_step())
        tf.summary.scalar("y", y)
        tf.add_to_collection("words", words)
        return tf.train.Saver().export_meta_graph()


# TensorFlow 1's own loop and branch, and a library of functions, as TensorFlow writes them;
# `strange_graph` adds the types.
_STRANGE = """
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_INT32 } } }
node { name: "limit" op: "Const" attr { key: "dtype" value { type: DT_INT32 } }
  attr { key: "value" value { tensor { dtype: DT_INT32 tensor_shape { } int_val: 3 } } } }
node { name: "w/Enter" op: "Enter" input: "x" attr { key: "frame_name" value { s: "w/frame" } }
  attr { key: "is_constant" value { b: false } } attr { key: "parallel_iterations" value { i: 10 } } }
node { name: "w/Merge" op: "Merge" input: "w/Enter" input: "w/Next" attr { key: "N" value { i: 2 } } }
node { name: "w/limit" op: "Enter" input: "limit" attr { key: "frame_name" value { s: "w/frame" } }
  attr { key: "is_constant" value { b: true } } attr { key: "parallel_iterations" value { i: 10 } } }
node { name: "w/Less" op: "Less" input: "w/Merge" input: "w/limit" }
node { name: "w/LoopCond" op: "LoopCond" input: "w/Less" }
node { name: "w/Switch" op: "Switch" input: "w/Merge" input: "w/LoopCond" }
node { name: "w/Identity" op: "Identity" input: "w/Switch:1" }
node { name: "w/add" op: "Add" input: "w/Identity" input: "w/Identity" }
node { name: "w/Next" op: "NextIteration" input: "w/add" }
node { name: "w/Exit" op: "Exit" input: "w/Switch" }
node { name: "p" op: "Less" input: "x" input: "limit" }
node { name: "c/Switch" op: "Switch" input: "w/Exit" input: "p" }
node { name: "c/neg" op: "Neg" input: "c/Switch" }
node { name: "c/id" op: "Identity" input: "c/Switch:1" }
node { name: "c/Merge" op: "Merge" input: "c/neg" input: "c/id" attr { key: "N" value { i: 2 } } }
node { name: "call" op: "PartitionedCall" input: "c/Merge" attr { key: "f" value { func { name: "double" } } }
  attr { key: "Tin" value { list { type: DT_INT32 } } } attr { key: "Tout" value { list { type: DT_INT32 } } } }
node { name: "if" op: "StatelessIf" input: "p" input: "call" attr { key: "Tcond" value { type: DT_BOOL } }
  attr { key: "then_branch" value { func { name: "double" } } }
  attr { key: "else_branch" value { func { name: "double" } } }
  attr { key: "Tin" value { list { type: DT_INT32 } } } attr { key: "Tout" value { list { type: DT_INT32 } } } }
library { function { signature { name: "double" input_arg { name: "a" type: DT_INT32 }
  output_arg { name: "b" type: DT_INT32 } }
  node_def { name: "sum" op: "Add" input: "a" input: "a" attr { key: "T" value { type: DT_INT32 } } }
  ret { key: "b" value: "sum:z:0" } } }
versions { producer: 134 }
"""


def strange_graph() -> Any:
    """A graph as only TensorFlow writes it."""
    from google.protobuf import text_format

    graph = text_format.Parse(_STRANGE, protos.GraphDef())
    for node in graph.node:
        if node.op not in ("Placeholder", "Const", "LoopCond", "PartitionedCall", "StatelessIf"):
            node.attr["T"].type = 3  # DT_INT32
    return graph


def good_files(tf: Any, folder: Path) -> dict[str, bytes]:
    """For each kind of file, by the name that it should have, its content."""
    meta = meta_graph(tf)
    saved_model = saved_model_class()(saved_model_schema_version=1)
    saved_model.meta_graphs.add().CopyFrom(meta)
    saved_model.meta_graphs[0].meta_info_def.tags.append("serve")
    return {
        "graph.meta": meta.SerializeToString(),
        "graph.pb": meta.graph_def.SerializeToString(),
        "graph.pbtxt": _text(meta.graph_def),
        "strange.pb": strange_graph().SerializeToString(),
        "saved_model.pb": saved_model.SerializeToString(),
        "saved_model.pbtxt": _text(saved_model),
        "plain.npz": _npz(zipfile.ZIP_STORED),
        "packed.npz": _npz(zipfile.ZIP_DEFLATED),
        "a.safetensors": _safetensors(folder),
        "a.tfevents": _events(tf, folder),
        "a.tfrecord": _records(tf, folder, ""),
        "a.tfrecord.gz": _records(tf, folder, "GZIP"),
    }


def _text(message: Any) -> bytes:
    from google.protobuf import text_format

    return text_format.MessageToString(message).encode()


def _npz(compression: int) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as archive:
        for name, array in ARRAYS.items():
            with archive.open(name + ".npy", "w") as file:
                np.lib.format.write_array(file, np.asanyarray(array))
        archive.writestr("scopedjax.json", '{"dtypes": {"half": "bfloat16"}}')
    return content.getvalue()


def _safetensors(folder: Path) -> bytes:
    sink = SafetensorsSink(str(folder / "good.safetensors"))
    infos = {name: TensorInfo(dtype_name(array.dtype), array.shape) for name, array in ARRAYS.items()}
    order = sink.order(infos)
    sink.write({name: infos[name] for name in order}, ((name, np.asarray(ARRAYS[name])) for name in order))
    return Path(sink.path).read_bytes()


def _events(tf: Any, folder: Path) -> bytes:
    logdir = folder / "events"
    with tf.summary.FileWriter(str(logdir), graph_def=protos.GraphDef()) as writer:
        for step in range(3):
            value = tf.Summary.Value(tag="loss", simple_value=0.5)
            writer.add_summary(tf.Summary(value=[value]), global_step=step)
    return (logdir / os.listdir(logdir)[0]).read_bytes()


def _records(tf: Any, folder: Path, compression: str) -> bytes:
    path = str(folder / f"good{compression}.tfrecord")
    with tf.python_io.TFRecordWriter(path, compression) as writer:
        for number in range(4):
            feature = tf.train.Feature(int64_list=tf.train.Int64List(value=[number] * 5))
            example = tf.train.Example(features=tf.train.Features(feature={"x": feature}))
            writer.write(example.SerializeToString())
    return Path(path).read_bytes()
