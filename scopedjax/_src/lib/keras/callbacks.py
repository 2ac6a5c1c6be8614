"""`tf.keras.callbacks`: what `fit`, `evaluate` and `predict` call between batches and epochs."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
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

    def __iter__(self) -> Iterator[Any]:
        """The batches of one epoch."""
        return (self[i] for i in range(len(self)))

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

    def on_test_begin(self, logs: Any = None) -> None:
        """Called before `evaluate`."""

    def on_test_end(self, logs: Any = None) -> None:
        """Called after `evaluate`."""

    def on_test_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Called before a batch of `evaluate`."""

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        """Called after a batch of `evaluate`."""

    def on_predict_begin(self, logs: Any = None) -> None:
        """Called before `predict`."""

    def on_predict_end(self, logs: Any = None) -> None:
        """Called after `predict`."""

    def on_predict_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Called before a batch of `predict`."""

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        """Called after a batch of `predict`."""


class CallbackList:
    """Callbacks as one."""

    def __init__(self, callbacks: list[Any]) -> None:
        self.callbacks = callbacks

    @classmethod
    def of(cls, model: Any, callbacks: Any, params: dict[str, Any]) -> CallbackList:
        """Callbacks that were told of a model and what it was asked for."""
        made = cls(list(callbacks or []))
        for callback in made.callbacks:
            callback.set_model(model)
            callback.set_params(params)
        return made

    @classmethod
    def around(cls, model: Any, callbacks: Any, params: dict[str, Any], verbose: int) -> CallbackList:
        """Those of a `fit`: its own, the printing one, the History."""
        model.history = History()
        shown = [ProgbarLogger("samples" if params["samples"] else "steps")] if verbose else []
        return cls.of(model, [*(callbacks or []), *shown, model.history], params)

    def call(self, hook: str, *args: Any) -> None:
        """Calls a method of each."""
        for callback in self.callbacks:
            getattr(callback, hook)(*args)


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


class Progbar:
    """A bar that grows in place, with numbers beside it.

    Args:
      target: How many steps there are; None where that is not known.
      width: Width of the bar.
      verbose: 1 for the bar, 2 for one line at the end.
      interval: Seconds between two drawings.
      stateful_metrics: Names of numbers that are shown as they are; of others the mean is shown.
      unit_name: What a step is called.

    >>> tf.keras.utils.Progbar(2, verbose=0).update(1, [("loss", 0.5)])
    """

    def __init__(
        self,
        target: int | None,
        width: int = 30,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Any = None,
        unit_name: str = "step",
    ) -> None:
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.stateful_metrics = set(stateful_metrics or ())
        self.unit_name = unit_name
        self._sums: dict[str, list[float]] = {}
        self._seen = 0
        self._drawn = 0
        self._start = time.time()
        self._last = 0.0

    def add(self, n: int, values: Any = None) -> None:
        """Goes `n` steps on; args as for `update`."""
        self.update(self._seen + n, values)

    def update(self, current: int, values: Any = None) -> None:
        """Goes to a step.

        Args:
          current: Its number.
          values: [(name, number), ...].
        """
        for name, value in values or []:
            if name in self.stateful_metrics:
                self._sums[name] = [value, 1]
            else:
                total, count = self._sums.get(name, [0.0, 0])
                steps = max(current - self._seen, 1)
                self._sums[name] = [total + value * steps, count + steps]
        self._seen = current
        now = time.time()
        done = self.target is not None and current >= self.target
        if self.verbose == 1 and (done or now - self._last >= self.interval):
            line = self._bar(current) + self._times(current, now - self._start) + self._numbers()
            sys.stdout.write("\r" + line.ljust(self._drawn) + ("\n" if done else ""))
            sys.stdout.flush()
            self._drawn, self._last = len(line), now
        elif self.verbose == 2 and done:
            count = len(str(self.target))
            sys.stdout.write(
                f"{current:{count}d}/{self.target}{self._times(current, now - self._start)}{self._numbers()}\n"
            )
            sys.stdout.flush()

    def _bar(self, current: int) -> str:
        if self.target is None:
            return f"{current:7d}/Unknown"
        filled = int(self.width * current / max(self.target, 1))
        head = "" if not filled else "=" * (filled - 1) + (">" if current < self.target else "=")
        return f"{current:{len(str(self.target))}d}/{self.target} [{head}{'.' * (self.width - filled)}]"

    def _times(self, current: int, passed: float) -> str:
        each = passed / current if current else 0.0
        if self.target is not None and current < self.target:
            left = int(each * (self.target - current))
            clock = f"{left}s" if left <= 60 else f"{left // 60}:{left % 60:02d}"
            return f" - ETA: {clock if left <= 3600 else f'{left // 3600}:{left % 3600 // 60:02d}:{left % 60:02d}'}"
        unit = (
            f"{each:.0f}s"
            if each >= 1 or not each
            else f"{each * 1e3:.0f}ms"
            if each >= 1e-3
            else f"{each * 1e6:.0f}us"
        )
        return f" - {passed:.0f}s {unit}/{self.unit_name}"

    def _numbers(self) -> str:
        shown = ""
        for name, (total, count) in self._sums.items():
            mean = float(np.mean(total / max(1, count)))
            shown += f" - {name}: " + (f"{mean:.4f}" if abs(mean) > 1e-3 else f"{mean:.4e}")
        return shown


class ProgbarLogger(Callback):
    """Prints how far `fit` is.

    Args:
      count_mode: "samples" or "steps".
      stateful_metrics: Names of numbers that are shown as they are; by default all but the loss.

    >>> tf.keras.callbacks.ProgbarLogger().params
    {}
    """

    def __init__(self, count_mode: str = "samples", stateful_metrics: Any = None) -> None:
        super().__init__()
        if count_mode not in ("samples", "steps"):
            raise ValueError(f"Unknown `count_mode`: {count_mode}")
        self.use_steps = count_mode == "steps"
        self.stateful_metrics = set(stateful_metrics or ())
        self._bar: Any = None
        self._done = 0

    def on_train_begin(self, logs: Any = None) -> None:
        """Says on how much it trains."""
        if self.params.get("samples"):
            measured = self.params.get("validation_samples")
            rest = f", validate on {measured} samples" if measured else ""
            print(f"Train on {self.params['samples']} samples{rest}")

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Says which epoch."""
        self._done = 0
        total = self.params.get("steps" if self.use_steps else "samples")
        kept = self.stateful_metrics or set(self.params.get("metrics", ())) - {"loss"}
        self._bar = Progbar(total, verbose=self.params.get("verbose", 1), stateful_metrics=kept,
                            unit_name="step" if self.use_steps else "sample")  # fmt: skip
        if (self.params.get("epochs") or 1) > 1:
            print(f"Epoch {epoch + 1}/{self.params['epochs']}")

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        """Draws the bar."""
        logs = logs or {}
        self._done += 1 if self.use_steps else logs.get("size", 0)
        total = self._bar.target
        if total is None or self._done < total:  # at the end the epoch's numbers are shown
            self._bar.update(self._done, [(k, logs[k]) for k in self.params.get("metrics", ()) if k in logs])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Shows the numbers of the epoch."""
        shown = [(k, (logs or {})[k]) for k in self.params.get("metrics", ()) if k in (logs or {})]
        self._bar.stateful_metrics = {name for name, _ in shown}
        self._bar.update(self._bar.target or self._done, shown)


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

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Shows the rate among the numbers of the epoch."""
        if logs is not None:
            logs["lr"] = state.get_value(self.model.optimizer.lr)

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
