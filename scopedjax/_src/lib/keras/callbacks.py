"""`tf.keras.callbacks`: what `fit` calls between batches and epochs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from scopedjax._src.lib.keras import state


class Sequence:
    """Batches by their numbers, for `fit`: a subclass writes `__getitem__` and `__len__`.

    >>> hasattr(tf.keras.utils.Sequence, "on_epoch_end")
    True
    """

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    def on_epoch_end(self) -> None:
        """Called after each epoch."""


class Callback:
    """Something that `fit` calls; a subclass writes the methods that it needs.

    >>> class Shout(tf.keras.callbacks.Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print("epoch", epoch)
    >>> Shout().on_epoch_end(3)
    epoch 3
    """

    def __init__(self) -> None:
        self.model: Any = None
        self.params: dict[str, Any] = {}
        self.validation_data = None

    def set_params(self, params: dict[str, Any]) -> None:
        """Tells what `fit` was asked for."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Tells the model."""
        self.model = model

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Called before an epoch."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Called after an epoch; `logs` has its means."""

    def on_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Called before a batch."""

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        """Called after a batch; `logs` has its loss."""

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Called before a batch."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Called after a batch."""
        self.on_batch_end(batch, logs)

    def on_train_begin(self, logs: Any = None) -> None:
        """Called before training."""

    def on_train_end(self, logs: Any = None) -> None:
        """Called after training."""


class CallbackList:
    """Callbacks as one."""

    def __init__(self, callbacks: list[Any]) -> None:
        self.callbacks = callbacks

    @classmethod
    def around(cls, model: Any, callbacks: Any, params: dict[str, Any], verbose: int) -> CallbackList:
        """Those of a `fit`: its own, the History, the printing one."""
        model.history = History()
        own = list(callbacks or [])
        made = cls([*own, *([ProgbarLogger()] if verbose else []), model.history])
        for callback in made.callbacks:
            callback.set_model(model)
            callback.set_params(params)
        return made

    def on_train_begin(self) -> None:
        """Calls all."""
        for c in self.callbacks:
            c.on_train_begin({})

    def on_train_end(self) -> None:
        """Calls all."""
        for c in self.callbacks:
            c.on_train_end({})

    def on_epoch_begin(self, epoch: int) -> None:
        """Calls all."""
        for c in self.callbacks:
            c.on_epoch_begin(epoch, {})

    def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        """Calls all."""
        for c in self.callbacks:
            c.on_epoch_end(epoch, logs)

    def on_batch_begin(self, batch: int, logs: dict[str, Any]) -> None:
        """Calls all."""
        for c in self.callbacks:
            c.on_train_batch_begin(batch, logs)

    def on_batch_end(self, batch: int, logs: dict[str, Any]) -> None:
        """Calls all."""
        for c in self.callbacks:
            c.on_train_batch_end(batch, logs)


class History(Callback):
    """Keeps the means of each epoch: `.history` is {name: [value an epoch]}.

    >>> h = tf.keras.callbacks.History()
    >>> h.on_train_begin()
    >>> h.on_epoch_end(0, {"loss": 1.0})
    >>> h.history
    {'loss': [1.0]}
    """

    def __init__(self) -> None:
        super().__init__()
        self.epoch: list[int] = []
        self.history: dict[str, list[Any]] = {}

    def on_train_begin(self, logs: Any = None) -> None:
        """Starts anew."""
        self.epoch = []
        self.history = {}

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keeps the means."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)


class ProgbarLogger(Callback):
    """Prints how far `fit` is: a line an epoch.

    Args:
      count_mode: "samples" or "steps".
      stateful_metrics: Accepted.

    >>> tf.keras.callbacks.ProgbarLogger().params
    {}
    """

    def __init__(self, count_mode: str = "samples", stateful_metrics: Any = None) -> None:
        super().__init__()
        self.count_mode = count_mode
        self._start = 0.0

    def on_train_begin(self, logs: Any = None) -> None:
        """Says on how much it trains."""
        count = self.params.get("samples")
        if count:
            print(f"Train on {count} samples")

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Says which epoch."""
        print(f"Epoch {epoch + 1}/{self.params.get('epochs')}")
        self._start = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Says the means."""
        total = self.params.get("samples") or self.params.get("steps")
        shown = "".join(f" - {name}: {value:.4f}" for name, value in (logs or {}).items())
        bar = " [" + "=" * 30 + "]" if self.params.get("verbose") == 1 else ""
        print(f"{total}/{total}{bar} - {time.monotonic() - self._start:.0f}s{shown}")


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
            print(f"WARNING: {type(self).__name__} watches `{self.monitor}`, which is not available. Available metrics "
                  f"are: {','.join(logs or {})}")  # fmt: skip
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
      save_weights_only: Must be true where the path does not end in ".h5": a whole model is not written.
      mode: "min", "max", or "auto" (by the name).
      save_freq: "epoch".
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
        if not save_weights_only:
            raise NotImplementedError("ModelCheckpoint writes weights only here: say save_weights_only=True and "
                                      "make the model by its code before load_weights")  # fmt: skip
        self.filepath = str(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self.period = kwargs.get("period", 1)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Writes the weights."""
        if (epoch + 1) % self.period:
            return
        if self.save_best_only:
            value = self._found(logs)
            if value is None or not self.monitor_op(value, self.best):
                return
            self.best = value
        path = self.filepath.format(epoch=epoch + 1, **(logs or {}))
        if self.verbose:
            print(f"Epoch {epoch + 1:05d}: saving model to {path}")
        self.model.save_weights(path, overwrite=True)


class LearningRateScheduler(Callback):
    """Sets the optimizer's rate before each epoch.

    Args:
      schedule: Function (epoch, rate) or (epoch) -> rate.
      verbose: Whether to say so.

    >>> tf.keras.callbacks.LearningRateScheduler(lambda epoch: 0.1).verbose
    0
    """

    def __init__(self, schedule: Any, verbose: int = 0) -> None:
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Sets the rate."""
        rate = self.model.optimizer.lr
        now = float(state.get_value(rate))
        try:
            wanted = self.schedule(epoch, now)
        except TypeError:
            wanted = self.schedule(epoch)
        if not isinstance(wanted, (float, np.floating)):
            raise ValueError('The output of the "schedule" function should be float.')
        self.model.optimizer.lr = float(wanted)
        if self.verbose > 0:
            print(f"Epoch {epoch + 1:05d}: LearningRateScheduler reducing learning rate to {wanted}.")


class LambdaCallback(Callback):
    """A callback of functions.

    Args:
      on_epoch_begin: Function (epoch, logs).
      on_epoch_end: Function (epoch, logs).
      on_batch_begin: Function (batch, logs).
      on_batch_end: Function (batch, logs).
      on_train_begin: Function (logs).
      on_train_end: Function (logs).
      **kwargs: More attributes.

    >>> tf.keras.callbacks.LambdaCallback(on_train_end=lambda logs: print("done")).on_train_end({})
    done
    """

    def __init__(
        self,
        on_epoch_begin: Any = None,
        on_epoch_end: Any = None,
        on_batch_begin: Any = None,
        on_batch_end: Any = None,
        on_train_begin: Any = None,
        on_train_end: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        given = {"on_epoch_begin": on_epoch_begin, "on_epoch_end": on_epoch_end, "on_batch_begin": on_batch_begin,
                 "on_batch_end": on_batch_end, "on_train_begin": on_train_begin, "on_train_end": on_train_end,
        }  # fmt: skip
        self.__dict__.update({**{k: v for k, v in given.items() if v is not None}, **kwargs})


class TerminateOnNaN(Callback):
    """Ends training when the loss is not a number.

    >>> tf.keras.callbacks.TerminateOnNaN().params
    {}
    """

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        """Looks at the loss."""
        loss = (logs or {}).get("loss")
        if loss is not None and not np.isfinite(loss):
            print(f"Batch {batch}: Invalid loss, terminating training")
            self.model.stop_training = True
