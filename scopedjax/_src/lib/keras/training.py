"""`compile`, `fit`, `evaluate`, `predict`: the training loop of a model, run through Keras' session.

    compile    target and weight placeholders, the loss, the metrics: nodes (see `compilation`); nothing runs
    fit        for each batch one `session.run([loss, metrics, step], feed)`, with the learning phase fed as True
    evaluate   the same without the step; the learning phase is False

`loss` is the mean over examples, plus the losses of the layers. What is shown for an epoch is the mean over its
batches, each counted by its examples (of a generator: alike); metrics keep their own sums, from the epoch's start.
A model whose inputs are not known yet is called on placeholders of the first data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scopedjax._src.base import nest
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import batches, compilation, state
from scopedjax._src.lib.keras import callbacks as calls
from scopedjax._src.lib.keras import chosen_optimizers as optimizers
from scopedjax._src.lib.keras.batches import arrays_of, checked
from scopedjax._src.lib.keras.compilation import Compiled
from scopedjax._src.lib.keras.network import Input
from scopedjax._src.ops.control_flow.grouping import group


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
          metrics: Metrics (objects, functions or names; "accuracy" fits the loss); lists or a dict for several outputs.
          loss_weights: Weights of the outputs' losses: a list or dict.
          sample_weight_mode: "temporal" where each step of an example has a weight; a list or dict for several outputs.
          weighted_metrics: Metrics that the sample weights count in, as `metrics`.
          target_tensors: Tensors in the place of fed targets: one, a list or a dict.
          distribute: Must be None.
          **kwargs: None are known.

        Raises:
          NotImplementedError: `distribute`, or an argument of another version.
          ValueError: something was said of an output that the model does not have.
        """
        for name, value in {"distribute": distribute, **kwargs}.items():
            if value:
                raise NotImplementedError(f"compile({name}={value!r}) is not available in scopedjax; leave it out, or "
                                          "write the loop with tf.gradients and session.run")  # fmt: skip
        if isinstance(target_tensors, Tensor):
            target_tensors = [target_tensors]
        self._compiled = Compiled(
            optimizers.get(optimizer), loss, metrics, loss_weights, sample_weight_mode, weighted_metrics, target_tensors
        )
        if self._outputs is not None:
            compilation.record(self, self._compiled)

    @property
    def optimizer(self) -> Any:
        """The optimizer that `compile` was given."""
        return None if self._compiled is None else self._compiled.optimizer

    @property
    def loss(self) -> Any:
        """The loss that `compile` was given."""
        return None if self._compiled is None else self._compiled.loss

    @property
    def metrics_names(self) -> list[str]:
        """Names of what `train_on_batch` and `evaluate` return."""
        return ["loss"] if self._compiled is None else list(self._compiled.names or ["loss"])

    @property
    def metrics(self) -> list[Any]:
        """The metric objects, in the order of their names."""
        return [] if self._compiled is None else list(self._compiled.measured)

    @property
    def total_loss(self) -> Any:
        """The tensor of the loss."""
        return self._needs_compiled().values[0]

    @property
    def targets(self) -> list[Any]:
        """The tensors of the targets."""
        return [o.target for o in self._needs_compiled().outputs]

    @property
    def sample_weights(self) -> list[Any]:
        """The tensors of the weights of examples."""
        return [o.weight for o in self._needs_compiled().outputs]

    # Nodes -----------------------------------------------------------------------------------------------------------

    def _training_step(self) -> Any:
        """The operation that takes one step; recorded when it is first needed."""
        compiled = self._needs_compiled()
        if compiled.step is None:
            graph = self._outputs[0].graph
            updates = [*self.get_updates_for(None), *self.get_updates_for(self._inputs)]  # type: ignore[attr-defined]
            with graph.as_default(), graph.outermost(), graph.name_scope("training"):
                if compiled.trained:
                    updates += compiled.optimizer.get_updates(compiled.values[0], compiled.trained)
                compiled.step = group(*dict.fromkeys(updates))
        return compiled.step

    def _ensure_called(self, x: Any) -> list[Any]:
        """Returns the inputs as arrays; calls a model that was not called yet on placeholders like them."""
        names = self.input_names if self._inputs else []  # type: ignore[attr-defined]
        if self._outputs is None:
            arrays = arrays_of(x, names)
            arrays = [a[:, None] if a.ndim == 1 else a for a in arrays]
            tensors = [Input(a.shape[1:], dtype=batches.fed_dtype(a)) for a in arrays]
            given = tensors[0] if len(tensors) == 1 else tensors
            outputs = self(given)  # type: ignore[operator]
            self._inputs, self._outputs = tensors, nest.flatten(outputs)
            names = self.input_names  # type: ignore[attr-defined]
        if self._compiled is not None and not self._compiled.values:
            compilation.record(self, self._compiled)
        fed = self._fed_inputs()
        names = [n for n, t in zip(names, self._inputs, strict=True) if any(t is f for f in fed)]
        return checked(arrays_of(x, names), names, [t.dims for t in fed], "input")

    def _fed_inputs(self) -> list[Tensor]:
        """The inputs that are fed: not those that stand on a tensor of their own."""
        history = state.state_of(self._inputs[0].graph).history if self._inputs else {}
        return [t for t in self._inputs or [] if t not in history or getattr(history[t][0].layer, "is_placeholder", 1)]

    # One batch -------------------------------------------------------------------------------------------------------

    def _run(self, fetches: Any, x: Sequence[Any], y: Sequence[Any], weights: Sequence[Any], training: bool) -> Any:
        compiled = self._compiled
        feed: dict[Any, Any] = dict(zip(self._fed_inputs(), x, strict=True))
        if compiled is not None:
            fed = [o for o in compiled.outputs if o.is_fed]
            feed.update((o.target, array) for o, array in zip(fed, y, strict=False))
            feed.update((o.weight, w) for o, w in zip(compiled.outputs, weights, strict=False) if w is not None)
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
        """Inputs, targets and weights as lists of arrays that fit the model."""
        compiled = self._needs_compiled()
        arrays = self._ensure_called(x)
        fed = [o for o in compiled.outputs if o.is_fed]
        names = [o.name for o in fed]
        given = arrays_of(y, names)
        if y is None and fed:
            raise ValueError(f"The model expects {len(fed)} target arrays, but only received 0 arrays.")
        targets = checked(given, names, [None] * len(fed), "target")
        for output, target in zip(fed, targets, strict=True):
            _check_target(output, target)
        weights = _weights(sample_weight, [o.name for o in compiled.outputs])
        if class_weight is not None:
            weights = _with_classes(class_weight, targets, names, weights)
        batches.same_length(arrays, targets, weights)
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
          reset_metrics: Whether the metrics are of this batch alone, or of all since they were reset.

        Returns:
          The loss, or [loss, *metrics].
        """
        values = self._step_on(*self._prepared(x, y, sample_weight, class_weight))
        if reset_metrics:
            self.reset_metrics()
        return _single(values)

    def _step_on(self, x: Any, y: Any, weights: Any) -> list[Any]:
        return self._run([self._needs_compiled().values, self._training_step()], x, y, weights, True)[0]

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, reset_metrics: bool = True) -> Any:
        """Returns the loss, or [loss, *metrics], of a batch; args as for `train_on_batch`."""
        values = self._measured_on(*self._prepared(x, y, sample_weight))
        if reset_metrics:
            self.reset_metrics()
        return _single(values)

    def _measured_on(self, x: Any, y: Any, weights: Any) -> list[Any]:
        return self._run([self._needs_compiled().values, self._state_updates()], x, y, weights, False)[0]

    def _state_updates(self) -> list[Any]:
        return list(self.state_updates)  # type: ignore[attr-defined]

    def predict_on_batch(self, x: Any) -> Any:
        """Returns the outputs for a batch."""
        return _single(self._predicted_on(self._ensure_called(x)))

    def _predicted_on(self, x: Any) -> list[Any]:
        return self._run([self._outputs, self._state_updates()], x, [], [], False)[0]

    def reset_metrics(self) -> None:
        """Starts the sums of the metrics anew."""
        variables = [v for metric in self.metrics for v in metric.weights]
        state.batch_set_value([(v, np.zeros(v.get_shape().as_list())) for v in variables])

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
        validation_freq: Any = 1,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Trains on arrays, or on a generator, Sequence or dataset of (x, y) batches.

        Args:
          x: Array, list or dict of arrays; or a generator, Sequence, dataset; None where inputs are tensors.
          y: Targets, likewise.
          batch_size: Examples a step; 32 by default.
          epochs: The number of the last epoch.
          verbose: 0 nothing, 1 a bar, 2 a line an epoch.
          callbacks: List of callbacks.
          validation_split: Share of the examples, the last ones, to measure on instead.
          validation_data: (x, y) or (x, y, weights), or a generator, to measure on after an epoch.
          shuffle: Whether to shuffle before each epoch (with NumPy's numbers); "batch" for whole batches.
          class_weight: {class: weight}; for several outputs {name: {class: weight}}.
          sample_weight: Weight of each example.
          initial_epoch: The number of epochs that were done before.
          steps_per_epoch: Batches an epoch, of a generator or of tensors.
          validation_steps: Batches to measure on, of a generator.
          validation_freq: After how many epochs to measure; or after which (a list).
          max_queue_size: Accepted: batches are taken as they are needed.
          workers: Accepted.
          use_multiprocessing: Accepted.
          **kwargs: `nb_epoch`, the older name of `epochs`.

        Returns:
          The History: `.history` is {name: [value an epoch]}.
        """
        epochs = kwargs.pop("nb_epoch", epochs)
        if kwargs:
            raise TypeError(f"Unrecognized keyword arguments: {kwargs}")
        self._needs_compiled()
        size = batch_size or 32
        if batches.is_generated(x):
            source: Any = batches.Generated(x, steps_per_epoch, bool(shuffle))
        elif x is None:
            self._ensure_called([])
            source = batches.Steps(steps_per_epoch)
        else:
            parts = self._prepared(x, y, sample_weight, class_weight)
            class_weight = None
            if 0.0 < validation_split < 1.0:
                cut = int(len(parts[0][0]) * (1.0 - validation_split))
                validation_data = tuple([None if a is None else a[cut:] for a in part] for part in parts)
                parts = tuple([None if a is None else a[:cut] for a in part] for part in parts)
            x, y, weights = parts
            source = batches.Arrays(x, y, weights, size, shuffle)
        measure = None if validation_data is None else _Measure(self, validation_data, size, validation_steps)
        return self._epochs(source, range(initial_epoch, epochs), verbose, callbacks, measure, size, validation_freq,
                            class_weight)  # fmt: skip

    def _epochs(
        self, source: Any, epochs: range, verbose: int, callbacks: Any, measure: Any, size: int, freq: Any,
        class_weight: Any,
    ) -> Any:  # fmt: skip
        shown = self.metrics_names
        names = [*shown, *(f"val_{n}" for n in shown)] if measure else shown
        params = {"batch_size": size, "epochs": epochs.stop, "steps": source.steps, "samples": source.count,
                  "verbose": verbose, "do_validation": measure is not None, "metrics": names,
                  "validation_samples": getattr(measure, "samples", None)}  # fmt: skip
        all_calls = calls.CallbackList.around(self, callbacks, params, verbose)
        self.stop_training = False
        all_calls.call("on_train_begin", {})
        for epoch in epochs:
            all_calls.call("on_epoch_begin", epoch, {})
            logs = self._epoch(source, all_calls, class_weight)
            if measure and ((epoch + 1) % freq == 0 if isinstance(freq, int) else epoch + 1 in freq):
                logs.update(zip((f"val_{n}" for n in self.metrics_names), measure(), strict=True))
            all_calls.call("on_epoch_end", epoch, logs)
            if self.stop_training:
                break
        all_calls.call("on_train_end", {})
        return self.history

    def _epoch(self, source: Any, all_calls: calls.CallbackList, class_weight: Any) -> dict[str, Any]:
        """One pass over the batches: what it says of the epoch."""
        means = batches.Means(source.by_steps)
        self.reset_metrics()
        for number, batch in enumerate(source.batches()):
            x, y, weights = self._batch(batch, source, class_weight)
            rows = len(x[0]) if x else 1
            all_calls.call("on_train_batch_begin", number, {"batch": number, "size": rows})
            values = self._step_on(x, y, weights)
            means.add(values, rows)
            named = dict(zip(self.metrics_names, values, strict=True))
            all_calls.call("on_train_batch_end", number, {"batch": number, "size": rows, **named})
            if self.stop_training:
                break
        return dict(zip(self.metrics_names, means.values(), strict=False))

    def _batch(self, batch: Any, source: Any, class_weight: Any = None) -> tuple[Any, Any, Any]:
        """A batch in lists of arrays that fit; those of `Arrays` do already."""
        if isinstance(source, batches.Arrays):
            return batch
        x, y, weights = batch
        return self._prepared([] if x is None else x, y, weights, class_weight)

    def fit_generator(
        self, generator: Any, steps_per_epoch: int | None = None, epochs: int = 1, verbose: int = 1,
        callbacks: Any = None, validation_data: Any = None, validation_steps: int | None = None,
        validation_freq: int = 1, class_weight: Any = None, max_queue_size: int = 10, workers: int = 1,
        use_multiprocessing: bool = False, shuffle: bool = True, initial_epoch: int = 0,
    ) -> Any:  # fmt: skip
        """Trains on a generator of (x, y) batches; args as for `fit`."""
        return self.fit(
            generator, epochs=epochs, verbose=verbose, callbacks=callbacks, validation_data=validation_data,
            shuffle=shuffle, class_weight=class_weight, initial_epoch=initial_epoch, steps_per_epoch=steps_per_epoch,
            validation_steps=validation_steps, validation_freq=validation_freq,
        )  # fmt: skip

    def evaluate(
        self, x: Any = None, y: Any = None, batch_size: int | None = None, verbose: int = 1, sample_weight: Any = None,
        steps: int | None = None, callbacks: Any = None, max_queue_size: int = 10, workers: int = 1,
        use_multiprocessing: bool = False,
    ) -> Any:  # fmt: skip
        """Measures on arrays, or on a generator, Sequence or dataset of (x, y) batches.

        Args:
          x: Array, list or dict of arrays; or a generator, Sequence, dataset; None where inputs are tensors.
          y: Targets, likewise.
          batch_size: Examples a run; 32 by default.
          verbose: 0 nothing, 1 a bar.
          sample_weight: Weight of each example.
          steps: Batches of a generator, or of tensors.
          callbacks: List of callbacks; `on_test_...` is called.
          max_queue_size: Accepted.
          workers: Accepted.
          use_multiprocessing: Accepted.

        Returns:
          The loss, or [loss, *metrics]: means over the examples.
        """
        self._needs_compiled()
        if batches.is_generated(x):
            source: Any = batches.Generated(x, steps)
        elif x is None:
            self._ensure_called([])
            source = batches.Steps(steps)
        else:
            source = batches.Arrays(*self._prepared(x, y, sample_weight), batch_size or 32)
        means = batches.Means(source.by_steps)
        self.reset_metrics()

        def measured(batch: Any) -> int:
            prepared = self._batch(batch, source)
            rows = len(prepared[0][0]) if prepared[0] else 1
            means.add(self._measured_on(*prepared), rows)
            return rows

        self._through(source, measured, "test", callbacks, verbose)
        return _single(means.values())

    def predict(
        self, x: Any, batch_size: int | None = None, verbose: int = 0, steps: int | None = None, callbacks: Any = None,
        max_queue_size: int = 10, workers: int = 1, use_multiprocessing: bool = False,
    ) -> Any:  # fmt: skip
        """Returns the outputs for arrays, or for a generator, Sequence or dataset of batches.

        Args:
          x: Array, list or dict of arrays; or a generator, Sequence, dataset; None where inputs are tensors.
          batch_size: Examples a run; 32 by default.
          verbose: 0 nothing, 1 a bar.
          steps: Batches of a generator, or of tensors.
          callbacks: List of callbacks; `on_predict_...` is called.
          max_queue_size: Accepted.
          workers: Accepted.
          use_multiprocessing: Accepted.
        """
        if batches.is_generated(x):
            source: Any = batches.Generated(x, steps)
        elif x is None:
            source = batches.Steps(steps)
        else:
            source = batches.Arrays(self._ensure_called(x), [], [], batch_size or 32)
        found: list[Any] = []

        def predicted(batch: Any) -> int:
            inputs = batch[0]
            if not isinstance(source, batches.Arrays):
                inputs = self._ensure_called([] if inputs is None else inputs)
            found.append(self._predicted_on(inputs))
            return len(found[-1][0])

        self._through(source, predicted, "predict", callbacks, verbose)
        return _single([np.concatenate(parts) for parts in zip(*found, strict=True)])

    def _through(self, source: Any, run: Any, what: str, callbacks: Any, verbose: int) -> None:
        """Runs on each batch, between the calls of callbacks."""
        params = {"steps": source.steps, "samples": source.count, "verbose": verbose, "epochs": 1,
                  "batch_size": getattr(source, "size", None), "metrics": self.metrics_names}  # fmt: skip
        all_calls = calls.CallbackList.of(self, callbacks, params)
        bar = calls.Progbar(source.count or source.steps) if verbose == 1 else None
        all_calls.call(f"on_{what}_begin", {})
        for number, batch in enumerate(source.batches()):
            logs: dict[str, Any] = {"batch": number}
            all_calls.call(f"on_{what}_batch_begin", number, logs)
            rows = run(batch)
            all_calls.call(f"on_{what}_batch_end", number, {**logs, "size": rows})
            if bar is not None:
                bar.add(1 if source.count is None else rows)
        all_calls.call(f"on_{what}_end", {})

    def evaluate_generator(
        self, generator: Any, steps: int | None = None, callbacks: Any = None, max_queue_size: int = 10,
        workers: int = 1, use_multiprocessing: bool = False, verbose: int = 0,
    ) -> Any:  # fmt: skip
        """Measures on a generator of (x, y) batches; args as for `evaluate`."""
        return self.evaluate(generator, steps=steps, callbacks=callbacks, verbose=verbose)

    def predict_generator(
        self, generator: Any, steps: int | None = None, callbacks: Any = None, max_queue_size: int = 10,
        workers: int = 1, use_multiprocessing: bool = False, verbose: int = 0,
    ) -> Any:  # fmt: skip
        """Returns the outputs for a generator of batches; args as for `predict`."""
        return self.predict(generator, steps=steps, callbacks=callbacks, verbose=verbose)


class _Measure:
    """Losses and metrics on the validation data of `fit`."""

    def __init__(self, model: Any, data: Any, size: int, steps: int | None) -> None:
        self._model, self._data, self._size, self._steps = model, data, size, steps
        self._generated = batches.is_generated(data)
        first = None if self._generated else arrays_of(data[0], [])
        self.samples = len(first[0]) if first else None

    def __call__(self) -> list[Any]:
        data = self._data
        if self._generated:
            return compilation.as_list(self._model.evaluate(data, steps=self._steps, verbose=0))
        weights = data[2] if len(data) > 2 else None
        empty = weights is None or isinstance(weights, list) and all(w is None for w in weights)
        return compilation.as_list(self._model.evaluate(data[0], data[1], self._size, 0, None if empty else weights))


def _check_target(output: compilation.Output, target: Any) -> None:
    """Refuses targets of another shape than losses ask for that compare element by element."""
    dims = output.tensor.shape.as_list()
    if output.loss_name.startswith("sparse_categorical"):
        dims = [*dims[:-1], 1]
    elif output.loss_name not in compilation.SHAPED_LIKE_OUTPUT:
        return
    if target.ndim != len(dims):
        raise ValueError(f"Error when checking target: expected {output.name} to have {len(dims)} dimensions, but got "
                         f"array with shape {target.shape}")  # fmt: skip
    if output.loss_name == "categorical_crossentropy" and target.shape[-1] == 1:
        raise ValueError(
            f"You are passing a target array of shape {target.shape} while using as loss `categorical_crossentropy`. "
            "`categorical_crossentropy` expects targets to be binary matrices (1s and 0s) of shape (samples, classes). "
            "For class numbers use the loss `sparse_categorical_crossentropy`, or tf.keras.utils.to_categorical."
        )
    if any(d is not None and d != s for d, s in zip(dims[1:], target.shape[1:], strict=True)):
        raise ValueError(
            f"A target array with shape {target.shape} was passed for an output of shape {tuple(dims)} while using as "
            f"loss `{output.loss_name}`. This loss expects targets to have the same shape as the output."
        )


def _weights(given: Any, names: Sequence[str]) -> list[Any]:
    """The weights of the examples for each output, or None."""
    if given is None:
        return [None] * len(names)
    if isinstance(given, dict):
        return [None if given.get(n) is None else np.asarray(given[n], np.float32) for n in names]
    if isinstance(given, (list, tuple)) and len(given) == len(names) and all(
        g is None or hasattr(g, "shape") for g in given
    ):  # fmt: skip
        return [None if g is None else np.asarray(g, np.float32) for g in given]
    if len(names) > 1:
        raise ValueError("The model has multiple outputs, so `sample_weight` should be either a list or a dict. "
                         f"Provided `sample_weight` type not understood: {type(given).__name__}")  # fmt: skip
    return [np.asarray(given, np.float32)]


def _with_classes(given: Any, targets: Any, names: Sequence[str], weights: list[Any]) -> list[Any]:
    """The weights of examples times those of their classes."""
    by_name = given if any(isinstance(v, dict) for v in given.values()) else {names[0]: given}
    if by_name is given and not set(given) <= set(names) or by_name is not given and len(names) > 1:
        raise ValueError("The model has multiple outputs, so `class_weight` should be a dict {output name: {class: "
                         f"weight}}. Outputs: {list(names)}")  # fmt: skip
    found = []
    for name, target, weight in zip(names, targets, weights, strict=True):
        own = by_name.get(name)
        classes = None if own is None else batches.of_classes(target, own)
        found.append(weight if classes is None else classes if weight is None else classes * weight)
    return found


def _single(values: Any) -> Any:
    return values[0] if len(values) == 1 else list(values)
