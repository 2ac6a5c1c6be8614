"""Callbacks that watch one number: they stop training, lower the rate, or write files as it gets better or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scopedjax._src.lib.keras import state
from scopedjax._src.lib.keras.callbacks import Callback
from scopedjax._src.lib.platform import logging


class _Watching(Callback):
    """What callbacks share that watch one number."""

    def __init__(self, monitor: str, mode: str) -> None:
        super().__init__()
        self.monitor = monitor
        larger = mode == "max" or mode == "auto" and ("acc" in monitor or monitor.startswith("fmeasure"))
        self.monitor_op: Callable[[Any, Any], Any] = np.greater if larger else np.less
        self.best: Any = -np.inf if larger else np.inf

    def _found(self, logs: Any) -> Any:
        value = (logs or {}).get(self.monitor)
        if value is None:
            logging.warning(
                f"{type(self).__name__} watches `{self.monitor}`, which is not available. Available metrics are: "
                f"{','.join(logs or {})}"
            )
        return value


class EarlyStopping(_Watching):
    """Ends training when a number has stopped getting better.

    Args:
      monitor: Name of the number.
      min_delta: By how much it must get better to count.
      patience: For how many epochs it may fail to.
      verbose: Whether to say so.
      mode: "min", "max", or "auto" (by the name).
      baseline: Value that it must beat at first.
      restore_best_weights: Whether the model gets the weights of the best epoch back.

    >>> tf.keras.callbacks.EarlyStopping(patience=2).patience
    2
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
    ) -> None:
        super().__init__(monitor, mode)
        self.min_delta = abs(min_delta) if self.monitor_op is np.greater else -abs(min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.stopped_epoch = 0
        self.wait = 0
        self.best_weights: Any = None

    def on_train_begin(self, logs: Any = None) -> None:
        """Starts anew."""
        self.wait = self.stopped_epoch = 0
        worst = -np.inf if self.monitor_op is np.greater else np.inf
        self.best = worst if self.baseline is None else self.baseline

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Compares."""
        value = self._found(logs)
        if value is None:
            return
        if self.monitor_op(value - self.min_delta, self.best):
            self.best, self.wait = value, 0
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            return
        self.wait += 1
        if self.wait >= self.patience:
            self.stopped_epoch = epoch
            self.model.stop_training = True
            if self.restore_best_weights and self.best_weights is not None:
                self.model.set_weights(self.best_weights)

    def on_train_end(self, logs: Any = None) -> None:
        """Says when it ended."""
        if self.stopped_epoch > 0 and self.verbose > 0:
            print(f"Epoch {self.stopped_epoch + 1:05d}: early stopping")


class ModelCheckpoint(_Watching):
    """Writes the weights after epochs.

    Args:
      filepath: Path; may have fields like "{epoch:02d}-{val_loss:.2f}".
      monitor: Name of the number that says which is best.
      verbose: Whether to say so.
      save_best_only: Whether to write only when the number got better.
      save_weights_only: Whether only the weights are written, or the whole model (HDF5).
      mode: "min", "max", or "auto" (by the name).
      save_freq: "epoch", or after how many examples to write.
      **kwargs: `period`: after how many epochs.

    >>> tf.keras.callbacks.ModelCheckpoint("w.h5", save_weights_only=True).save_best_only
    False
    """

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: Any = "epoch",
        **kwargs: Any,
    ) -> None:
        super().__init__(monitor, mode)
        if save_freq != "epoch" and not isinstance(save_freq, int):
            raise ValueError(f"Unrecognized save_freq: {save_freq}")
        self.filepath = str(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self.period = kwargs.get("period", 1)

        self._epoch = 0
        self._since = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Keeps the number of the epoch."""
        self._epoch = epoch

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        """Writes, where that is due between epochs."""
        if isinstance(self.save_freq, int):
            self._since += (logs or {}).get("size", 1)
            if self._since >= self.save_freq:
                self._since = 0
                self._write(self._epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Writes, where that is due after epochs."""
        if self.save_freq == "epoch" and (epoch + 1) % self.period == 0:
            self._write(epoch, logs)

    def _write(self, epoch: int, logs: Any) -> None:
        path = self.filepath.format(epoch=epoch + 1, **(logs or {}))
        if self.save_best_only:
            value = self._found(logs)
            if value is None:
                return
            if not self.monitor_op(value, self.best):
                if self.verbose > 0:
                    print(f"\nEpoch {epoch + 1:05d}: {self.monitor} did not improve from {self.best:0.5f}")
                return
            if self.verbose > 0:
                print(f"\nEpoch {epoch + 1:05d}: {self.monitor} improved from {self.best:0.5f} to {value:0.5f}, saving "
                      f"model to {path}")  # fmt: skip
            self.best = value
        elif self.verbose > 0:
            print(f"\nEpoch {epoch + 1:05d}: saving model to {path}")
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)


class ReduceLROnPlateau(_Watching):
    """Lowers the optimizer's rate when a number has stopped getting better.

    Args:
      monitor: Name of the number.
      factor: What the rate is multiplied by.
      patience: For how many epochs the number may fail to get better.
      verbose: Whether to say so.
      mode: "min", "max", or "auto" (by the name).
      min_delta: By how much it must get better to count.
      cooldown: For how many epochs after a change nothing is counted.
      min_lr: The smallest rate.
      **kwargs: `epsilon`, the older name of `min_delta`.

    Raises:
      ValueError: a factor of one or more.

    >>> tf.keras.callbacks.ReduceLROnPlateau(factor=0.5).factor
    0.5
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(monitor, mode)
        if factor >= 1.0:
            raise ValueError("ReduceLROnPlateau does not support a factor >= 1.0.")
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.min_delta = kwargs.get("epsilon", min_delta)
        self.cooldown = cooldown
        self.min_lr = min_lr
        self.wait = 0
        self.cooldown_counter = 0
        self._worst = self.best

    def on_train_begin(self, logs: Any = None) -> None:
        """Starts anew."""
        self.best = self._worst
        self.wait = self.cooldown_counter = 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Compares."""
        optimizer = self.model.optimizer
        if logs is not None:
            logs["lr"] = state.get_value(optimizer.lr)
        value = self._found(logs)
        if value is None:
            return
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.wait = 0
        if self.monitor_op(value, self.best + (self.min_delta if self.monitor_op is np.greater else -self.min_delta)):
            self.best = value
            self.wait = 0
        elif self.cooldown_counter <= 0:
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch, optimizer)

    def _reduce(self, epoch: int, optimizer: Any) -> None:
        rate = float(state.get_value(optimizer.lr))
        if rate <= self.min_lr:
            return
        optimizer.lr = new = max(rate * self.factor, self.min_lr)
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1:05d}: ReduceLROnPlateau reducing learning rate to {new}.")
        self.cooldown_counter = self.cooldown
        self.wait = 0
