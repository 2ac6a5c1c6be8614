"""Names of TensorFlow 1 that are not here: what `tf.some_name` says when a page does not have it.

A script that meets an absent name shall learn three things: that the name is known, why it is not here, and what to
do. The names that TensorFlow 1.15 had are listed in `known_names.txt` (made by tests/golden/known_names.py); names
that were gone before 1.15 stand in `RENAMED`. Anything else is a misspelling, and the nearest name of the page is
suggested.
"""

from __future__ import annotations

import difflib
import functools
import os
import sys
from collections.abc import Callable
from typing import Any

# Before TensorFlow 1.0 -> its name since, where a call of that time cannot be taken as it is.
RENAMED = {
    "batch_cholesky": "cholesky",
    "batch_matmul": "matmul",
    "batch_svd": "svd",
    "complex_abs": "abs",
}

# The longest prefix that fits gives the reason.
REASONS = {
    "contrib": "contrib was never one thing: its parts move to their own pages here, those that public programs "
    "use first",
    "estimator": "Estimators are built above sessions and come after the layers; write the training loop with "
    "tf.Session",
    "keras": "of tf.keras only what session programs use is here; see dir(scopedjax.keras.layers)",
    "keras.applications": "its models come with weights that are downloaded; make the model by its code, and read a "
    "file of weights with load_weights",
    "keras.callbacks.RemoteMonitor": "it sends numbers over the network; use tf.keras.callbacks.LambdaCallback",
    "keras.preprocessing.image": "pictures are read with tf.image or Pillow, and changed at random with tf.image",
    "keras.utils.get_file": "nothing is downloaded here; give the path of a file",
    "keras.utils.multi_gpu_model": "a session runs on one device; several devices are plain JAX's business",
    "keras.utils.plot_model": "use model.summary(), or the graph page of TensorBoard",
    "keras.utils.model_to_dot": "use model.summary(), or the graph page of TensorBoard",
    "keras.estimator": "write the training loop with tf.Session, or model.fit",
    "keras.wrappers": "it needs scikit-learn's estimators around Keras; call model.fit",
    "keras.experimental": "it was experimental; see tf.keras.optimizers.schedules and tf.train for rates that decay",
    "keras.mixed_precision": "dtypes are as TensorFlow 1's are: cast where a part shall be computed in float16",
    "data": "input pipelines are not here yet; feed NumPy arrays (feed_dict), or read records with tf.python_io",
    "distribute": "a session runs on one device; several devices are plain JAX's business (see "
    "scopedjax.pure_function)",
    "saved_model.load_v2": "it makes the objects of a TensorFlow 2 program; tf.saved_model.load takes its signatures",
    "saved_model.save": "it saves the objects of a TensorFlow 2 program; use tf.saved_model.simple_save",
    "saved_model.experimental": "it is TensorFlow 2's: use tf.saved_model.simple_save",
    "contrib.saved_model": "of Keras models the weights are saved; use tf.saved_model.simple_save",
    "python": "it is TensorFlow's inside; what programs need of it is on the public pages",
    "lite": "TensorFlow Lite is a converter of TensorFlow's own",
    "tpu": "JAX drives TPUs itself; nothing of TensorFlow's TPU support is needed",
    "profiler": "use jax.profiler around the session",
    "xla": "everything is compiled by XLA already",
    "autograph": "its optional features are not there; see tf.autograph.to_graph",
    "feature_column": "feature columns belong to Estimators, which come later",
    "ragged": "ragged tensors are not here; use a padded tensor and tf.sequence_mask",
    "strings.bytes_split": "its result is a ragged tensor; tf.string_split(texts, '') gives the bytes sparsely",
    "strings.ngrams": "its result is a ragged tensor; use tf.py_func",
    "strings.unicode_encode": "it takes a ragged tensor; use tf.py_func",
    "strings.unicode_split": "its result is a ragged tensor; use tf.py_func",
    "strings.unicode_split_with_offsets": "its result is a ragged tensor; use tf.py_func",
    "strings.unicode_script": "the table of scripts belongs to ICU; use tf.py_func",
    "compat.v2": "of TensorFlow 2 only functions that graph programs use are here; use the name of TensorFlow 1",
    "compat.v2.keras": "use tf.keras, the Keras of TensorFlow 1.15",
    "compat.v2.GradientTape": "it records eager code; use tf.gradients",
    "compat.v2.Variable": "use tf.Variable(..., use_resource=True)",
    "compat.v2.summary": "summaries of TensorFlow 2 belong to eager programs; use tf.summary.FileWriter",
    "optimizers": "optimizers are tf.train.AdamOptimizer and the like; those of Keras are tf.keras.optimizers",
    "random.set_seed": "use tf.set_random_seed",
    "summary.create_file_writer": "it is TensorFlow 2's: use tf.summary.FileWriter",
    "train.Checkpoint": "object checkpoints are not here; use tf.train.Saver",
    "enable_eager_execution": "there is no eager mode: this is TensorFlow 1's graph mode; for eager code write JAX",
    "LMDBReader": "LMDB files need a library of their own: convert them once to TFRecord files",
    "CriticalSection": "a run does its stateful nodes in one order: call the function itself; between threads that run "
    "one session, hold a threading.Lock around session.run",
    "sysconfig": "nothing is compiled against it: an op is a Python function (tf.custom_gradient, tf.py_func)",
    "user_ops": "they came from shared libraries; write a Python function",
    "load_library": "XLA cannot compile an op of a shared library; write a Python function",
    "load_file_system_library": "files are read through tf.gfile, which takes what Python's open takes",
    "wrap_function": "use tf.function(f).get_concrete_function; of a GraphDef, tf.import_graph_def takes a part",
    "train.sdca_optimizer": "linear models are trained by tf.train.FtrlOptimizer here",
    "train.sdca_fprint": "it only serves the SDCA optimizer; use tf.strings.to_hash_bucket_fast",
    "train.sdca_shrink_l1": "it only serves the SDCA optimizer",
    "train.do_quantize_training_on_graphdef": "use tf.fake_quant_with_min_max_vars",
    "train.experimental": "mixed precision is by tf.cast; scale the loss by hand",
    "train.CheckpointManager": "it serves tf.train.Checkpoint; tf.train.Saver keeps max_to_keep checkpoints",
    "nn.with_space_to_batch": "tf.nn.convolution and tf.nn.pool take the dilation themselves",
    "quantized_concat": "XLA has no quantized kernels: dequantize, tf.concat, quantize",
    "quantization.quantized_concat": "XLA has no quantized kernels: dequantize, tf.concat, quantize",
    "io.decode_proto": "messages are decoded in Python: tf.py_func around the message class",
    "io.encode_proto": "messages are encoded in Python: tf.py_func around the message class",
    "random.experimental": "generators belong to TensorFlow 2; use seeds, or tf.random.stateless_uniform",
    "nondifferentiable_batch_function": "it gathers the requests of a server; call the function itself",
    "summary.initialize": "it serves the summaries of TensorFlow 2; use tf.summary.FileWriter",
    "summary.all_v2_summary_ops": "it serves the summaries of TensorFlow 2; use tf.summary.merge_all",
    "TypeSpec": "arguments of tf.function are described by tf.TensorSpec; others are told from a call",
    "RaggedTensor": "ragged tensors are not here; use a padded tensor and tf.sequence_mask",
    "RaggedTensorSpec": "ragged tensors are not here; use a padded tensor and tf.sequence_mask",
    "SparseTensorSpec": "arguments of tf.function are described by tf.TensorSpec; others are told from a call",
    "IndexedSlicesSpec": "arguments of tf.function are described by tf.TensorSpec; others are told from a call",
    "TensorArraySpec": "arguments of tf.function are described by tf.TensorSpec; others are told from a call",
    "OptionalSpec": "arguments of tf.function are described by tf.TensorSpec; others are told from a call",
    "load_op_library": "an op from a shared library cannot be compiled by XLA; write it as a Python function "
    "with tf.custom_gradient",
    "nn.quantized_conv2d": "quantized kernels have no counterpart in XLA",
    "nn.quantized_max_pool": "quantized kernels have no counterpart in XLA",
    "nn.quantized_avg_pool": "quantized kernels have no counterpart in XLA",
    "nn.quantized_relu_x": "quantized kernels have no counterpart in XLA",
}
_DEFAULT = "it is not part of this version yet"


@functools.cache
def known_names() -> dict[str, frozenset[str]]:
    """Returns the public names of TensorFlow 1.15 by page ("" for `tf` itself, "nn", "train", ...)."""
    path = os.path.join(os.path.dirname(__file__), "known_names.txt")
    found: dict[str, frozenset[str]] = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            page, *names = line.split()
            found["" if page == "." else page] = frozenset(names)
    return found


def reason(path: str) -> str:
    """Returns why the TF1 name `path` (without `tf.`) is not here."""
    parts = path.split(".")
    for end in range(len(parts), 0, -1):
        found = REASONS.get(".".join(parts[:end]))
        if found is not None:
            return found
    return _DEFAULT


def message(page: str, name: str, available: list[str]) -> str:
    """Returns what to say about a name that a page does not have.

    Args:
      page: The page's path below `tf`, "" for `tf` itself.
      name: The name that was asked for.
      available: The names on the page.
    """
    path = f"{page}.{name}" if page else name
    if path in RENAMED:
        return f"tf.{path} was renamed in TensorFlow 1.0: use tf.{RENAMED[path]}"
    known = known_names()
    if name in known.get(page, ()) or path in known or path.split(".")[0] in ("contrib", "python"):
        return f"tf.{path} is a TensorFlow 1 name that scopedjax does not have: {reason(path)}."
    if path in REASONS or page.startswith("compat.v2") and not difflib.get_close_matches(name, available, n=1):
        return f"tf.{path} is a TensorFlow 2 name that scopedjax does not have: {reason(path)}."
    close = difflib.get_close_matches(name, available, n=3)
    hint = f" Did you mean {' or '.join(f'tf.{page}.{c}' if page else f'tf.{c}' for c in close)}?" if close else ""
    return f"module 'tf{'.' + page if page else ''}' has no attribute '{name}'.{hint}"


def absent(page: str) -> Callable[[str], Any]:
    """Returns the `__getattr__` of a contents page: AttributeError with the reason for each name that is not there.

    Args:
      page: The page's path below `tf`, "" for `tf` itself.
    """

    def missing(name: str) -> Any:
        module = sys.modules.get(f"scopedjax.{page}" if page else "scopedjax")
        raise AttributeError(message(page, name, [n for n in dir(module) if not n.startswith("_")]))

    return missing
