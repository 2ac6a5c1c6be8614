"""`compile`, `fit`, `evaluate`, `predict`: the training loop of a model, run through Keras' session.

    compile    target and weight placeholders, the loss, the metrics: nodes; nothing runs
    fit        for each batch one `session.run([loss, metrics, step], feed)`, with the learning phase fed as True
    evaluate   the same without the step; the learning phase is False

`loss` is the mean over examples, plus the losses of the layers. What is shown for an epoch is the mean over its
batches, each counted by its examples.
A model whose inputs are not known yet is called on placeholders of the first data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scopedjax._src.base import nest
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import callbacks as calls
from scopedjax._src.lib.keras import losses, metrics, optimizers, state
from scopedjax._src.lib.keras.network import Input
from scopedjax._src.ops.array.filling import ones
from scopedjax._src.ops.array.identity import placeholder, placeholder_with_default
from scopedjax._src.ops.array.shapes import size
from scopedjax._src.ops.control_flow.grouping import group
from scopedjax._src.ops.math.accumulation import add_n
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.reductions import reduce_mean, reduce_sum


@dataclass
class Compiled:
    """What `compile` was told, and the nodes that it made."""

    optimizer: Any
    loss: Any
    metrics: Any
    loss_weights: Any
    names: list[str] = field(default_factory=list)
    values: list[Tensor] = field(default_factory=list)  # total loss, losses, metrics
    targets: list[Tensor] = field(default_factory=list)
    weights: list[Tensor] = field(default_factory=list)
    step: Any = None


class Trainable:
    """The part of a model that trains it."""

    name: str
    stop_training: bool
    _inputs: Any
    _outputs: Any

    def _reset_training(self) -> None:
        self._compiled: Compiled | None = None
        self.stop_training = False
        self.history: Any = None

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Any = None,
        loss_weights: Any = None,
        sample_weight_mode: Any = None,
        weighted_metrics: Any = None,
        target_tensors: Any = None,
        distribute: Any = None,
        **kwargs: Any,
    ) -> None:
        """Says how the model is trained.

        Args:
          optimizer: Optimizer of Keras or of `tf.train`, or a name.
          loss: Loss function or its name; a list or dict for several outputs.
          metrics: Metrics (functions or names; "accuracy" fits the loss); lists or a dict for several outputs.
          loss_weights: Weights of the outputs' losses: a list or dict.
          sample_weight_mode: Must be None: one weight an example.
          weighted_metrics: Must be empty.
          target_tensors: Must be None: targets are fed.
          distribute: Must be None.
          **kwargs: None are known.

        Raises:
          NotImplementedError: one of the arguments that must be None.
        """
        others = {"sample_weight_mode": sample_weight_mode, "weighted_metrics": weighted_metrics,
                  "target_tensors": target_tensors, "distribute": distribute, **kwargs}  # fmt: skip
        for name, value in others.items():
            if value:
                raise NotImplementedError(f"compile({name}={value!r}) is not available in scopedjax; leave it out, or "
                                          "write the loop with tf.gradients and session.run")  # fmt: skip
        self._compiled = Compiled(optimizers.get(optimizer), loss, metrics, loss_weights)
        if self._outputs is not None:
            self._record_loss()

    @property
    def optimizer(self) -> Any:
        """The optimizer that `compile` was given."""
        return None if self._compiled is None else self._compiled.optimizer

    @property
    def metrics_names(self) -> list[str]:
        """Names of what `train_on_batch` and `evaluate` return."""
        return ["loss"] if self._compiled is None else list(self._compiled.names)

    # Nodes -----------------------------------------------------------------------------------------------------------

    def _record_loss(self) -> None:
        """Makes the placeholders, the loss and the metrics of a compiled model."""
        compiled, outputs, model = self._compiled, self._outputs, self
        assert compiled is not None
        names = model.output_names  # type: ignore[attr-defined]
        graph = outputs[0].graph
        with graph.as_default(), graph.outermost():
            functions = _per_output(compiled.loss, names, losses.get)
            weights = _per_output(compiled.loss_weights, names, lambda w: w)
            terms: list[Tensor] = []
            for i, (name, output, function) in enumerate(zip(names, outputs, functions, strict=True)):
                if function is None:
                    continue
                target = placeholder(output.dtype, [None] * len(output.shape.as_list()), name=f"{name}_target")
                weight = placeholder_with_default(ones([1]), [None], name=f"{name}_sample_weights")
                compiled.targets.append(target)
                compiled.weights.append(weight)
                with graph.name_scope("loss"), graph.name_scope(f"{name}_loss"):
                    term = _weighed(function, target, output, weight)
                    terms.append(term if weights[i] is None else term * float(weights[i]))
                    compiled.values.append(term)
            with graph.name_scope("loss"):
                extra = [*self._own_losses()]
                if not terms and not extra:
                    raise ValueError("The model cannot be compiled because it has no loss to optimize.")
                total = add_n([*terms, *extra]) if len(terms) + len(extra) > 1 else [*terms, *extra][0]
            several = len(names) > 1
            compiled.values = [total, *(compiled.values if several else [])]
            compiled.names = ["loss", *([f"{n}_loss" for n, f in zip(names, functions, strict=True) if f] if several
                                       else [])]  # fmt: skip
            self._record_metrics(names, functions)

    def _own_losses(self) -> list[Any]:
        found = [*self.get_losses_for(None), *self.get_losses_for(self._inputs)]  # type: ignore[attr-defined]
        kept = {id(loss): loss for loss in found if isinstance(loss, Tensor)}
        return [reduce_mean(x) if x.shape.ndims else x for x in kept.values()]

    def _record_metrics(self, names: Sequence[str], functions: Sequence[Any]) -> None:
        compiled, graph = self._compiled, self._outputs[0].graph
        assert compiled is not None
        targets = iter(compiled.targets)
        fed = [next(targets) if f is not None else None for f in functions]
        wanted = _metrics_of(compiled.metrics, names)
        for name, output, target, function, asked in zip(names, self._outputs, fed, functions, wanted, strict=True):
            for metric in asked:
                shown, measure = _metric(metric, function, output)
                shown = f"{name}_{shown}" if len(names) > 1 else shown
                with graph.name_scope("metrics"), graph.name_scope(shown):
                    compiled.values.append(reduce_mean(measure(target, output)))
                compiled.names.append(shown)
        for layer in [self, *self.layers]:  # type: ignore[attr-defined]
            for shown, value, _ in layer._metrics_added:
                compiled.values.append(reduce_mean(value))
                compiled.names.append(shown)

    def _training_step(self) -> Any:
        """The operation that takes one step; recorded when it is first needed."""
        compiled = self._compiled
        assert compiled is not None
        if compiled.step is None:
            graph = self._outputs[0].graph
            params = self.trainable_weights  # type: ignore[attr-defined]
            updates = [*self.get_updates_for(None), *self.get_updates_for(self._inputs)]  # type: ignore[attr-defined]
            with graph.as_default(), graph.outermost(), graph.name_scope("training"):
                if params:
                    with graph.name_scope(type(compiled.optimizer).__name__):
                        updates += compiled.optimizer.get_updates(compiled.values[0], params)
                compiled.step = group(*dict.fromkeys(updates))
        return compiled.step

    def _ensure_called(self, x: Any) -> list[Any]:
        """Returns the inputs as arrays; calls a model that was not called yet on placeholders like them."""
        arrays = _arrays_of(x, self.input_names if self._inputs else [])  # type: ignore[attr-defined]
        if self._outputs is None:
            tensors = [Input(a.shape[1:], dtype=_fed_dtype(a)) for a in arrays]
            given = tensors[0] if len(tensors) == 1 else tensors
            outputs = self(given)  # type: ignore[operator]
            self._inputs, self._outputs = tensors, nest.flatten(outputs)
        if self._compiled is not None and not self._compiled.values:
            self._record_loss()
        return arrays

    # One batch -------------------------------------------------------------------------------------------------------

    def _run(self, fetches: Any, x: Sequence[Any], y: Sequence[Any], weights: Sequence[Any], training: bool) -> Any:
        compiled = self._compiled
        feed: dict[Any, Any] = dict(zip(self._inputs, x, strict=True))
        if compiled is not None:
            feed.update(zip(compiled.targets, y))
            feed.update((node, w) for node, w in zip(compiled.weights, weights) if w is not None)
        graph = self._outputs[0].graph
        phase = state.state_of(graph).learning_phase
        if isinstance(phase, Tensor):
            feed[phase] = training
        with graph.as_default():
            return state.get_session(self._outputs).run(fetches, feed_dict=feed)

    def _needs_compiled(self) -> Compiled:
        if self._compiled is None:
            raise RuntimeError("You must compile your model before training/testing. Use `model.compile(optimizer, "
                               "loss)`.")  # fmt: skip
        return self._compiled

    def _prepared(self, x: Any, y: Any, sample_weight: Any, class_weight: Any = None) -> tuple[Any, Any, Any]:
        """Inputs, targets and weights as lists of arrays."""
        compiled = self._needs_compiled()
        arrays = self._ensure_called(x)
        names = self.output_names  # type: ignore[attr-defined]
        targets = [_as_target(t) for t in _arrays_of(y, names)] if y is not None else []
        if len(targets) != len(compiled.targets):
            raise ValueError(f"The model expects {len(compiled.targets)} target arrays, but only received "
                             f"{len(targets)} arrays.")  # fmt: skip
        lengths = {len(a) for a in (*arrays, *targets)}
        if len(lengths) > 1:
            raise ValueError("Input arrays should have the same number of samples as target arrays. Found "
                             f"{len(arrays[0])} input samples and {len(targets[0])} target samples.")  # fmt: skip
        weights = _arrays_of(sample_weight, names) if sample_weight is not None else [None] * len(targets)
        if class_weight is not None:
            weights = [_of_classes(t, class_weight) if w is None else w for t, w in zip(targets, weights, strict=True)]
        return arrays, targets, weights

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, reset_metrics: bool = True
    ) -> Any:
        """Takes one step.

        Args:
          x: Array, list or dict of arrays.
          y: Targets, likewise.
          sample_weight: Weight of each example.
          class_weight: {class: weight}.
          reset_metrics: Accepted: metrics are of the batch.

        Returns:
          The loss, or [loss, *metrics].
        """
        x, y, weights = self._prepared(x, y, sample_weight, class_weight)
        values, _ = self._run([self._needs_compiled().values, self._training_step()], x, y, weights, True)
        return _single(values)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, reset_metrics: bool = True) -> Any:
        """Returns the loss, or [loss, *metrics], of a batch; args as for `train_on_batch`."""
        x, y, weights = self._prepared(x, y, sample_weight)
        return _single(self._run(self._needs_compiled().values, x, y, weights, False))

    def predict_on_batch(self, x: Any) -> Any:
        """Returns the outputs for a batch."""
        x = self._ensure_called(x)
        return _single(self._run(self._outputs, x, [], [], False))

    def reset_metrics(self) -> None:
        """Nothing: metrics are not kept between batches."""

    # Many batches ----------------------------------------------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int = 1,
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: Any = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_freq: int = 1,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Trains on arrays, or on a generator of (x, y) batches.

        Args:
          x: Array, list or dict of arrays; or a generator.
          y: Targets, likewise.
          batch_size: Examples a step; 32 by default.
          epochs: The number of the last epoch.
          verbose: 0 nothing, 1 a bar, 2 a line an epoch.
          callbacks: List of callbacks.
          validation_split: Share of the examples, the last ones, to measure on instead.
          validation_data: (x, y) or (x, y, weights) to measure on after an epoch.
          shuffle: Whether to shuffle before each epoch (with NumPy's numbers).
          class_weight: {class: weight}.
          sample_weight: Weight of each example.
          initial_epoch: The number of epochs that were done before.
          steps_per_epoch: Batches an epoch, of a generator.
          validation_steps: Accepted.
          validation_freq: After how many epochs to measure.
          max_queue_size: Accepted.
          workers: Accepted.
          use_multiprocessing: Accepted.
          **kwargs: None are known.

        Returns:
          The History: `.history` is {name: [value an epoch]}.
        """
        if kwargs:
            raise TypeError(f"Unrecognized keyword arguments: {kwargs}")
        self._needs_compiled()
        if hasattr(x, "__next__") or hasattr(x, "__getitem__") and isinstance(x, calls.Sequence):
            source: Any = _Generated(x, steps_per_epoch)
        else:
            x, y, weights = self._prepared(x, y, sample_weight, class_weight)
            if 0.0 < validation_split < 1.0:
                cut = int(len(x[0]) * (1.0 - validation_split))
                validation_data = tuple([None if a is None else a[cut:] for a in part] for part in (x, y, weights))
                x, y, weights = ([None if a is None else a[:cut] for a in part] for part in (x, y, weights))
            source = _Arrays(x, y, weights, batch_size or 32, shuffle)
        return self._epochs(source, range(initial_epoch, epochs), verbose, callbacks, validation_data,
                            batch_size or 32, validation_freq)  # fmt: skip

    def _epochs(
        self, source: Any, epochs: range, verbose: int, callbacks: Any, validation: Any, batch_size: int, freq: int
    ) -> Any:
        shown = self.metrics_names
        names = [*shown, *(f"val_{n}" for n in shown)] if validation else shown
        params = {"batch_size": batch_size, "epochs": epochs.stop, "steps": source.steps, "samples": source.count,
                  "verbose": verbose, "do_validation": bool(validation), "metrics": names}  # fmt: skip
        all_calls = calls.CallbackList.around(self, callbacks, params, verbose)
        self.stop_training = False
        all_calls.on_train_begin()
        for epoch in epochs:
            all_calls.on_epoch_begin(epoch)
            means = _Means()
            for number, (x, y, weights) in enumerate(source.batches()):
                rows = len(nest.flatten(x)[0])
                all_calls.on_batch_begin(number, {"batch": number, "size": rows})
                x, y, weights = self._prepared(
                    x, y, weights if weights and any(w is not None for w in weights) else None
                )
                names = self.metrics_names
                values, _ = self._run([self._needs_compiled().values, self._training_step()], x, y, weights, True)
                means.add(values, rows)
                all_calls.on_batch_end(number, {"batch": number, "size": rows, **dict(zip(names, values))})
                if self.stop_training:
                    break
            logs = dict(zip(self.metrics_names, means.values()))
            if validation and (epoch + 1) % freq == 0:
                measured = self.evaluate(*validation[:2], batch_size=batch_size, verbose=0,
                                         sample_weight=_given(validation))  # fmt: skip
                measured = measured if isinstance(measured, list) else [measured]
                logs.update(zip((f"val_{n}" for n in self.metrics_names), measured))
            all_calls.on_epoch_end(epoch, logs)
            if self.stop_training:
                break
        all_calls.on_train_end()
        return self.history

    def fit_generator(
        self, generator: Any, steps_per_epoch: int | None = None, epochs: int = 1, verbose: int = 1,
        callbacks: Any = None, validation_data: Any = None, validation_steps: int | None = None,
        validation_freq: int = 1, class_weight: Any = None, max_queue_size: int = 10, workers: int = 1,
        use_multiprocessing: bool = False, shuffle: bool = True, initial_epoch: int = 0,
    ) -> Any:  # fmt: skip
        """Trains on a generator of (x, y) batches; args as for `fit`."""
        return self.fit(
            generator, epochs=epochs, verbose=verbose, callbacks=callbacks, validation_data=validation_data,
            initial_epoch=initial_epoch, steps_per_epoch=steps_per_epoch, validation_freq=validation_freq,
        )  # fmt: skip

    def evaluate(
        self, x: Any = None, y: Any = None, batch_size: int | None = None, verbose: int = 1, sample_weight: Any = None,
        steps: int | None = None, callbacks: Any = None, max_queue_size: int = 10, workers: int = 1,
        use_multiprocessing: bool = False,
    ) -> Any:  # fmt: skip
        """Measures on arrays.

        Args:
          x: Array, list or dict of arrays.
          y: Targets, likewise.
          batch_size: Examples a run; 32 by default.
          verbose: Accepted.
          sample_weight: Weight of each example.
          steps: Accepted.
          callbacks: Accepted.
          max_queue_size: Accepted.
          workers: Accepted.
          use_multiprocessing: Accepted.

        Returns:
          The loss, or [loss, *metrics]: means over the examples.
        """
        x, y, weights = self._prepared(x, y, sample_weight)
        means = _Means()
        for bx, by, bw in _Arrays(x, y, weights, batch_size or 32, False).batches():
            means.add(self._run(self._needs_compiled().values, bx, by, bw, False), len(bx[0]))
        return _single(means.values())

    def predict(
        self, x: Any, batch_size: int | None = None, verbose: int = 0, steps: int | None = None, callbacks: Any = None,
        max_queue_size: int = 10, workers: int = 1, use_multiprocessing: bool = False,
    ) -> Any:  # fmt: skip
        """Returns the outputs for arrays.

        Args:
          x: Array, list or dict of arrays.
          batch_size: Examples a run; 32 by default.
          verbose: Accepted.
          steps: Accepted.
          callbacks: Accepted.
          max_queue_size: Accepted.
          workers: Accepted.
          use_multiprocessing: Accepted.
        """
        arrays = self._ensure_called(x)
        found = [self._run(self._outputs, bx, [], [], False)
                 for bx, _, _ in _Arrays(arrays, [], [], batch_size or 32, False).batches()]  # fmt: skip
        return _single([np.concatenate(parts) for parts in zip(*found, strict=True)])


# ------------------------------------------------------------------------------------------------------------- data


class _Arrays:
    """Batches of arrays."""

    def __init__(self, x: Any, y: Any, weights: Any, size: int, shuffle: Any) -> None:
        self.parts = x, y, weights
        self.count = len(x[0])
        self.size = size
        self.shuffle = shuffle
        self.steps = None

    def batches(self) -> Iterator[tuple[list[Any], list[Any], list[Any]]]:
        """Yields (inputs, targets, weights)."""
        order = np.arange(self.count)
        if self.shuffle:
            np.random.shuffle(order)
        for start in range(0, self.count, self.size):
            rows = order[start : start + self.size]
            x, y, w = ([None if a is None else a[rows] for a in part] for part in self.parts)
            yield x, y, w


class _Generated:
    """Batches of a generator."""

    def __init__(self, generator: Any, steps: int | None) -> None:
        if steps is None and not hasattr(generator, "__len__"):
            raise ValueError("`steps_per_epoch=None` is only valid for a generator based on the `keras.utils.Sequence` "
                             "class. Please specify `steps_per_epoch`.")  # fmt: skip
        self.generator = generator
        self.steps = len(generator) if steps is None else steps
        self.count = None

    def batches(self) -> Iterator[tuple[Any, Any, Any]]:
        """Yields (inputs, targets, weights)."""
        indexed = hasattr(self.generator, "__getitem__")
        for i in range(self.steps):
            batch = self.generator[i] if indexed else next(self.generator)
            yield batch[0], batch[1], [batch[2]] if len(batch) > 2 else []
        if indexed:
            self.generator.on_epoch_end()


class _Means:
    """Means of batches, each counted by its examples."""

    def __init__(self) -> None:
        self._sums: Any = 0.0
        self._count = 0

    def add(self, values: Sequence[Any], size: int) -> None:
        """Adds a batch."""
        self._sums = self._sums + np.asarray(values, np.float64) * size
        self._count += size

    def values(self) -> list[float]:
        """Returns the means."""
        return [float(v) for v in np.atleast_1d(self._sums / max(self._count, 1))]


def _given(validation: Any) -> Any:
    weights = validation[2] if len(validation) > 2 else None
    empty = weights is None or isinstance(weights, list) and all(w is None for w in weights)
    return None if empty else weights


def _arrays_of(values: Any, names: Sequence[str]) -> list[Any]:
    """Arrays from one, a list, or a dict by name."""
    if isinstance(values, dict):
        return [np.asarray(values[n]) for n in (names or values)]
    if isinstance(values, tuple) or isinstance(values, list) and len(values) and hasattr(values[0], "shape"):
        return [np.asarray(v) for v in values]
    return [np.asarray(values)]


def _as_target(array: Any) -> Any:
    return array[:, None] if array.ndim == 1 else array


def _fed_dtype(array: Any) -> Any:
    return (
        "int32"
        if array.dtype.kind in "iu" and array.dtype.itemsize < 8
        else state.floatx()
        if array.dtype.kind == "f"
        else array.dtype.name
    )


def _of_classes(target: Any, class_weight: dict[int, float]) -> Any:
    classes = target.argmax(-1) if target.shape[-1] > 1 else target[:, 0]
    return np.asarray([class_weight.get(int(c), 1.0) for c in classes], np.float32)


def _single(values: Any) -> Any:
    return values[0] if len(values) == 1 else list(values)


def _per_output(given: Any, names: Sequence[str], convert: Any) -> list[Any]:
    """What was said for each output: one thing for all, a list, or a dict by name."""
    if isinstance(given, dict):
        unknown = set(given) - set(names)
        if unknown:
            raise ValueError(
                f"Unknown entries in dictionary: {sorted(unknown)}. Only expected following keys: {list(names)}"
            )
        return [convert(given.get(n)) for n in names]
    if isinstance(given, (list, tuple)):
        if len(given) != len(names):
            raise ValueError(f"When passing a list, it should have one entry per model output. The model has "
                             f"{len(names)} outputs, but you passed {given}")  # fmt: skip
        return [convert(g) for g in given]
    return [convert(given) for _ in names]


def _metrics_of(given: Any, names: Sequence[str]) -> list[list[Any]]:
    if isinstance(given, dict):
        return [[] if given.get(n) is None else _as_list(given[n]) for n in names]
    asked = [] if given is None else _as_list(given)
    if len(names) > 1 and any(isinstance(m, (list, tuple)) for m in asked):
        return [[] if m is None else _as_list(m) for m in asked]
    return [asked for _ in names]


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _metric(metric: Any, loss: Any, output: Tensor) -> tuple[str, Any]:
    """(name, function) of a metric; "accuracy" and "crossentropy" are those that fit the loss."""
    if metric in ("accuracy", "acc", "crossentropy", "ce"):
        kind = "accuracy" if metric in ("accuracy", "acc") else "crossentropy"
        sparse = "sparse" in str(getattr(loss, "__name__", getattr(loss, "name", loss)))
        form = "binary" if output.shape.as_list()[-1] == 1 else "sparse_categorical" if sparse else "categorical"
        shown = "acc" if kind == "accuracy" else "ce"
        return shown, getattr(metrics if kind == "accuracy" else losses, f"{form}_{kind}")
    function = metrics.get(metric)
    if not hasattr(function, "__name__"):
        raise NotImplementedError(f"metric objects like {function} are not available in scopedjax; give a function "
                                  "(y_true, y_pred) -> tensor, or its name")  # fmt: skip
    return function.__name__, function


def _weighed(function: Any, target: Tensor, output: Tensor, weight: Tensor) -> Tensor:
    """The mean over examples of their weighed losses."""
    if isinstance(function, losses.Loss):
        return function(target, output, sample_weight=weight)
    each = function(target, output)
    if each.shape.ndims == 0:
        return each
    each = each * losses._as_wide(cast(weight, each.dtype), each)
    return reduce_sum(each) / cast(size(each), each.dtype)
