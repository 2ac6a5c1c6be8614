"""Callbacks that write down what training showed: CSV files, and event files for TensorBoard."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from scopedjax._src.lib.keras import state
from scopedjax._src.lib.keras.callbacks import Callback
from scopedjax._src.lib.summary.file_writer import FileWriter
from scopedjax._src.ops.summary.nodes import histogram, merge
from scopedjax._src.ops.summary.protos import Summary


class CSVLogger(Callback):
    """Writes a row an epoch into a CSV file.

    Args:
      filename: Path of the file.
      separator: What stands between the fields.
      append: Whether rows are added to a file that exists.

    >>> tf.keras.callbacks.CSVLogger("log.csv", separator=";").sep
    ';'
    """

    def __init__(self, filename: Any, separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename = str(filename)
        self.sep = separator
        self.append = append
        self.keys: list[str] | None = None
        self._file: Any = None
        self._with_header = True

    def on_train_begin(self, logs: Any = None) -> None:
        """Opens the file."""
        if self.append and os.path.exists(self.filename):
            self._with_header = not os.path.getsize(self.filename)
        # Open as long as training lasts; `on_train_end` closes it.
        self._file = open(self.filename, "a" if self.append else "w", newline="")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Writes the numbers of the epoch; "NA" for those that are missing when training was stopped."""
        logs = logs or {}
        if self.keys is None:
            self.keys = sorted(logs)
        if self.model.stop_training:
            logs = {k: logs.get(k, "NA") for k in self.keys}
        writer = csv.DictWriter(self._file, ["epoch", *self.keys], delimiter=self.sep, lineterminator="\n")
        if self._with_header:
            writer.writeheader()
            self._with_header = False
        writer.writerow({"epoch": epoch, **{k: _field(logs[k]) for k in self.keys}})
        self._file.flush()

    def on_train_end(self, logs: Any = None) -> None:
        """Closes the file."""
        self._file.close()


def _field(value: Any) -> Any:
    if isinstance(value, str) or isinstance(value, np.ndarray) and value.ndim == 0 or not isinstance(value, Iterable):
        return value
    return '"[' + ", ".join(str(v) for v in value) + ']"'


class TensorBoard(Callback):
    """Writes the numbers of training, and histograms of weights, into an event file for TensorBoard.

    Args:
      log_dir: Folder of the file.
      histogram_freq: After how many epochs the weights' histograms are written; 0 for never.
      batch_size: Accepted.
      write_graph: Whether the graph is written.
      write_grads: Must be false: write tf.summary.histogram of tf.gradients yourself.
      write_images: Must be false.
      embeddings_freq: Must be 0.
      embeddings_layer_names: Must be None.
      embeddings_metadata: Must be None.
      embeddings_data: Must be None.
      update_freq: "epoch" (tags `epoch_loss`, ...), "batch", or after how many examples (tags `batch_loss`, ...).
      profile_batch: Accepted: a step is one compiled program; use jax.profiler.

    Raises:
      NotImplementedError: one of the arguments that must be empty.

    >>> tf.keras.callbacks.TensorBoard("logs", write_graph=False).log_dir
    'logs'
    """

    def __init__(
        self,
        log_dir: Any = "./logs",
        histogram_freq: int = 0,
        batch_size: int = 32,
        write_graph: bool = True,
        write_grads: bool = False,
        write_images: bool = False,
        embeddings_freq: int = 0,
        embeddings_layer_names: Any = None,
        embeddings_metadata: Any = None,
        embeddings_data: Any = None,
        update_freq: Any = "epoch",
        profile_batch: int = 2,
    ) -> None:
        super().__init__()
        refused = {"write_grads": write_grads, "write_images": write_images, "embeddings_freq": embeddings_freq,
                   "embeddings_layer_names": embeddings_layer_names, "embeddings_metadata": embeddings_metadata,
                   "embeddings_data": embeddings_data}  # fmt: skip
        for name, value in refused.items():
            if value is not None and value is not False and value != 0:
                raise NotImplementedError(f"keras.callbacks.TensorBoard({name}) is not available in scopedjax: record "
                                          "the summary with tf.summary, and write it in a callback")  # fmt: skip
        self.log_dir = str(log_dir)
        self.histogram_freq = histogram_freq
        self.batch_size = batch_size
        self.write_graph = write_graph
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self.profile_batch = profile_batch
        self.writer: Any = None
        self.merged: Any = None
        self._samples = 0
        self._batches = 0
        self._written_at = 0

    def set_model(self, model: Any) -> None:
        """Opens the file, and records the histograms."""
        super().set_model(model)
        session = state.get_session(model.weights)
        self.writer = FileWriter(self.log_dir, session.graph if self.write_graph else None)
        if self.histogram_freq and self.merged is None:
            with session.graph.as_default(), session.graph.outermost():
                nodes = [histogram(w.name.replace(":", "_"), w, collections=[]) for w in model.weights]
                self.merged = merge(nodes, collections=[])

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        """Writes the numbers of a batch, where that was asked for."""
        logs = logs or {}
        self._samples += logs.get("size", 1)
        self._batches += 1
        if self.update_freq == "epoch":
            return
        step = self._batches if self.update_freq == 1 else self._samples
        if self.update_freq == 1 or self._samples - self._written_at >= self.update_freq:
            self._written_at = self._samples
            self._write({f"batch_{k}": v for k, v in logs.items() if k not in ("batch", "size", "num_steps")}, step)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Writes the numbers of an epoch, and histograms where they are due."""
        step = epoch if self.update_freq == "epoch" else self._samples
        self._write({f"epoch_{k}": v for k, v in (logs or {}).items()}, step)
        if self.merged is not None and epoch % self.histogram_freq == 0:
            self.writer.add_summary(state.get_session([self.merged]).run(self.merged), epoch)

    def _write(self, numbers: dict[str, Any], step: int) -> None:
        for tag, value in numbers.items():
            self.writer.add_summary(Summary(value=[Summary.Value(tag=tag, simple_value=float(value))]), step)
        self.writer.flush()

    def on_train_end(self, logs: Any = None) -> None:
        """Closes the file."""
        self.writer.close()
