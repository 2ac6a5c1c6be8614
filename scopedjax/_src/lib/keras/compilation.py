"""`compile`: the nodes that a model trains with.

    first_target, first_sample_weights      placeholders: what is fed beside the inputs
    loss/first_loss/...                     loss of an output: the mean over its elements of weight * mask * loss
    loss/...                                sum over outputs of loss weight * loss, plus the losses of the layers
    metrics/acc/...                         metrics, which keep their sums in variables

The mask of an output (of `Masking` or `Embedding(mask_zero=True)`) takes steps out of the loss and of the metrics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras import losses, metrics, state
from scopedjax._src.lib.keras.layer import mask_of
from scopedjax._src.lib.keras.metric import Mean, MeanMetricWrapper, Metric
from scopedjax._src.ops.array.filling import ones
from scopedjax._src.ops.array.identity import placeholder, placeholder_with_default
from scopedjax._src.ops.array.shapes import expand_dims, size
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.accumulation import add_n
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.reductions import reduce_mean, reduce_sum

SHAPED_LIKE_OUTPUT = ("mean_squared_error", "binary_crossentropy", "categorical_crossentropy")


@dataclass
class Output:
    """An output of the model, and what is made for it."""

    name: str
    tensor: Tensor
    loss: Any
    loss_weight: float | None
    target: Any = None
    weight: Any = None
    is_fed: bool = True

    @property
    def loss_name(self) -> str:
        """Name of the loss function."""
        return str(getattr(self.loss, "__name__", None) or getattr(self.loss, "name", self.loss))


@dataclass
class Compiled:
    """What `compile` was told, and the nodes that it made."""

    optimizer: Any
    loss: Any = None
    metrics: Any = None
    loss_weights: Any = None
    sample_weight_mode: Any = None
    weighted_metrics: Any = None
    target_tensors: Any = None
    names: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)  # total loss, losses, metrics
    outputs: list[Output] = field(default_factory=list)  # those that have a loss
    measured: list[Metric] = field(default_factory=list)
    step: Any = None
    trained: list[Any] = field(default_factory=list)  # the variables that a step trains

    def add(self, name: str, metric: Metric, value: Any) -> None:
        """Adds a number that is shown, under a name of its own."""
        shown, number = name, 1
        while shown in self.names:
            shown, number = f"{name}_{number}", number + 1
        self.names.append(shown)
        self.values.append(value)
        self.measured.append(metric)


def record(model: Any, compiled: Compiled) -> None:
    """Makes the placeholders, the loss and the metrics of a compiled model.

    Raises:
      ValueError: there is no loss, or something was said of an output that the model does not have.
    """
    graph = model._outputs[0].graph
    # Those of now: a part whose `trainable` is turned off later goes on training in the models compiled before (so a
    # discriminator is trained alone, and held still in the model that trains the generator).
    compiled.trained = model.trainable_weights
    with graph.as_default(), graph.outermost():
        outputs = _outputs(model, compiled)
        compiled.outputs = [o for o in outputs if o.loss is not None]
        terms, shown = [], []
        with graph.name_scope("loss"):
            for output in compiled.outputs:
                with graph.name_scope(f"{output.name}_loss"):
                    term = weighed_loss(output)
                shown.append((output, term))
                terms.append(term if output.loss_weight is None else term * float(output.loss_weight))
            terms += _own_losses(model)
            if not terms:
                raise ValueError("The model cannot be compiled because it has no loss to optimize.")
            total = add_n(terms) if len(terms) > 1 else terms[0]
        compiled.names, compiled.values = ["loss"], [total]
        with graph.name_scope("metrics"):
            if len(outputs) > 1:
                for output, term in shown:
                    mean = Mean(name=f"{output.name}_loss")
                    compiled.add(mean.name, mean, mean(term))
            _record_metrics(model, compiled, outputs)


def _outputs(model: Any, compiled: Compiled) -> list[Output]:
    names = model.output_names
    functions = _per_output(compiled.loss, names, losses.get, "loss")
    weights = _per_output(compiled.loss_weights, names, lambda w: w, "loss_weights")
    modes = _per_output(compiled.sample_weight_mode, names, lambda m: m, "sample_weight_mode", for_all=True)
    targets = _per_output(compiled.target_tensors, names, lambda t: t, "target_tensors")
    found = []
    rows = zip(names, model._outputs, functions, weights, modes, targets, strict=True)
    for name, tensor, function, weight, mode, target in rows:
        output = Output(name, tensor, function, weight)
        if function is not None:
            output.is_fed = target is None
            free = [None] * len(tensor.shape.as_list())
            output.target = placeholder(tensor.dtype, free, name=f"{name}_target") if target is None else target
            rank = 2 if mode == "temporal" else 1
            output.weight = placeholder_with_default(ones([1] * rank), [None] * rank, name=f"{name}_sample_weights")
        found.append(output)
    return found


def weighed_loss(output: Output) -> Tensor:
    """The loss of an output, a scalar."""
    function, target, tensor = output.loss, output.target, output.tensor
    each = function.call(target, tensor) if isinstance(function, losses.Loss) else function(target, tensor)
    each = convert_to_tensor(each)
    if each.shape.ndims == 0:
        return each
    each = each * losses._as_wide(cast(_with_mask(output.weight, output.tensor), each.dtype), each)
    if getattr(function, "reduction", "auto") == "sum":
        return reduce_sum(each)
    return reduce_sum(each) / cast(size(each), each.dtype)


def _with_mask(weight: Any, tensor: Tensor) -> Any:
    """Weights times the mask of an output; None for neither."""
    mask = mask_of(tensor)
    if mask is None:
        return weight
    mask = cast(mask, tensor.dtype)
    if weight is None:
        return mask
    for _ in range(mask.shape.ndims - weight.shape.ndims):
        weight = expand_dims(weight, -1)
    return mask * weight


def _own_losses(model: Any) -> list[Any]:
    found = [*model.get_losses_for(None), *model.get_losses_for(model._inputs)]
    kept = {id(loss): loss for loss in found if isinstance(loss, Tensor)}
    return [reduce_mean(x) if x.shape.ndims else x for x in kept.values()]


# ------------------------------------------------------------------------------------------------------------- metrics


def _record_metrics(model: Any, compiled: Compiled, outputs: Sequence[Output]) -> None:
    names = [o.name for o in outputs]
    plain, weighted = (_metrics_of(given, names) for given in (compiled.metrics, compiled.weighted_metrics))
    several = len(outputs) > 1
    for output, asked, asked_weighted in zip(outputs, plain, weighted, strict=True):
        if output.loss is None:
            continue
        for metric, is_weighted in [*((m, False) for m in asked), *((m, True) for m in asked_weighted)]:
            shown, kept = _metric(metric, output, is_weighted)
            shown = f"{output.name}_{shown}" if several else shown
            weights = _with_mask(output.weight if is_weighted else None, output.tensor)
            compiled.add(shown, kept, kept(output.target, output.tensor, sample_weight=weights))
    for layer in [model, *model.layers]:
        for shown, value, _ in layer._metrics_added:
            known = state.state_of(value.graph).measured.get(value)
            kept = Mean(name=shown) if known is None else known
            compiled.add(shown or kept.name, kept, kept(value) if known is None else value)


def _metric(metric: Any, output: Output, is_weighted: bool) -> tuple[str, Metric]:
    """(name, metric) of what was asked for; "accuracy" and "crossentropy" are those that fit the loss."""
    prefix = "weighted_" if is_weighted else ""
    if metric in ("accuracy", "acc", "crossentropy", "ce"):
        kind = "accuracy" if metric in ("accuracy", "acc") else "crossentropy"
        loss = output.loss_name
        binary = output.tensor.shape.as_list()[-1] == 1 or loss == "binary_crossentropy"
        form = "binary" if binary else "sparse_categorical" if loss.startswith("sparse_") else "categorical"
        shown = prefix + ("acc" if kind == "accuracy" else "ce")
        return shown, MeanMetricWrapper(getattr(metrics if kind == "accuracy" else losses, f"{form}_{kind}"), shown)
    found = metrics.get(metric)
    if isinstance(found, Metric):
        return prefix + found.name, found
    if isinstance(found, losses.Loss):
        return prefix + str(found.name), MeanMetricWrapper(found.call, found.name)
    return prefix + found.__name__, MeanMetricWrapper(found, found.__name__.strip("<>"))


def _per_output(given: Any, names: Sequence[str], convert: Any, what: str, for_all: bool = False) -> list[Any]:
    """What was said for each output: one thing for all, a list, or a dict by name."""
    if isinstance(given, dict):
        unknown = sorted(set(given) - set(names))
        if unknown:
            raise ValueError(
                f"Unknown entries in {what} dictionary: {unknown}. Only expected following keys: {list(names)}"
            )
        return [convert(given.get(n)) for n in names]
    if isinstance(given, (list, tuple)):
        if len(given) != len(names):
            raise ValueError(
                f"When passing a list as {what}, it should have one entry per model outputs. The model has "
                f"{len(names)} outputs, but you passed {what}={given}"
            )
        return [convert(g) for g in given]
    if for_all or what == "loss" or given is None or len(names) == 1:
        return [convert(given) for _ in names]
    raise TypeError(f"Could not interpret {what} argument: {given} - expected a list of dicts.")


def _metrics_of(given: Any, names: Sequence[str]) -> list[list[Any]]:
    if isinstance(given, dict):
        unknown = sorted(set(given) - set(names))
        if unknown:
            raise ValueError(
                f"Unknown entries in metrics dictionary: {unknown}. Only expected following keys: {list(names)}"
            )
        return [[] if given.get(n) is None else as_list(given[n]) for n in names]
    asked = [] if given is None else as_list(given)
    if len(names) > 1 and any(isinstance(m, (list, tuple)) for m in asked):
        if len(asked) != len(names):
            raise ValueError(
                f"When passing a list of lists as `metrics`, it should have one entry per model output. The model has "
                f"{len(names)} outputs, but you passed metrics={given}"
            )
        return [[] if m is None else as_list(m) for m in asked]
    # An object has one set of variables: each output but the first gets one like it.
    return [[m if i == 0 or not isinstance(m, Metric) else type(m).from_config(m.get_config()) for m in asked]
            for i in range(len(names))]  # fmt: skip


def as_list(value: Any) -> list[Any]:
    """A list of one thing or of several."""
    return list(value) if isinstance(value, (list, tuple)) else [value]
