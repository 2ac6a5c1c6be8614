"""`Model.summary`: a table of the layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scopedjax._src.base import nest
from scopedjax._src.lib.keras.layer import Call
from scopedjax._src.lib.keras.network import InputLayer


def print_summary(model: Any, line_length: int | None, positions: Any, show: Callable[[str], Any]) -> None:
    """Prints a table of the layers; see `Model.summary`."""
    plain = _is_sequence(model)
    width = line_length or (65 if plain else 98)
    ends = positions or ((0.45, 0.85, 1.0) if plain else (0.33, 0.55, 0.67, 1.0))
    ends = [int(width * p) if ends[-1] <= 1 else int(p) for p in ends]
    titles = ["Layer (type)", "Output Shape", "Param #", *([] if plain else ["Connected to"])]

    def row(*fields: str) -> None:
        line = ""
        for text, end in zip(fields, ends, strict=False):
            line = (line[:-1] + " " if line else "") + text  # a column ends with a space at least
            line = line[:end].ljust(end)
        show(line)

    show(f'Model: "{model.name}"')
    show("_" * width)
    row(*titles)
    show("=" * width)
    for i, layer in enumerate(model.layers):
        sources = [] if plain else _sources(model, layer)
        row(f"{layer.name} ({type(layer).__name__})", _shape(layer), _count(layer), *sources[:1])
        for source in sources[1:]:
            row("", "", "", source)
        show(("=" if i == len(model.layers) - 1 else "_") * width)
    trained, others = _size(model.trainable_weights), _size(model.non_trainable_weights)
    show(f"Total params: {trained + others:,}")
    show(f"Trainable params: {trained:,}")
    show(f"Non-trainable params: {others:,}")
    show("_" * width)


def _is_sequence(model: Any) -> bool:
    """Whether each layer is called once on one tensor, one after the other."""
    route = model._route
    if route is None or hasattr(model, "_sequence"):
        return True
    calls = [s for s in route.steps if isinstance(s, Call)]
    if len(calls) + len(route.inputs) != len(route.layers) or len(route.inputs) > 1:
        return False
    taken = [nest.flatten(c.inputs) for c in calls]
    return all(len(t) == 1 for t in taken) and len({id(t[0]) for t in taken}) == len(taken)


def _sources(model: Any, layer: Any) -> list[str]:
    """Where a layer's inputs come from: "name[call][place]"."""
    calls = [s for s in model._route.steps if isinstance(s, Call)]
    numbers: dict[int, int] = {}
    seen: dict[int, int] = {}
    for call in calls:
        numbers[id(call)] = seen.get(id(call.layer), 0)
        seen[id(call.layer)] = numbers[id(call)] + 1
    found = []
    for call in calls:
        if call.layer is not layer:
            continue
        for tensor in nest.flatten(call.inputs):
            source, place = model._route.history.get(tensor, (None, 0))
            if source is None:
                found.append(f"{tensor.op.name}[0][0]")
            else:
                found.append(f"{source.layer.name}[{numbers.get(id(source), 0)}][{place}]")
    return found


def _shape(layer: Any) -> str:
    try:
        shape = layer.output_shape
    except AttributeError:
        return "multiple" if not _same_everywhere(layer) else str(layer.get_output_shape_at(0))
    return f"[{shape}]" if isinstance(layer, InputLayer) else str(shape)


def _same_everywhere(layer: Any) -> bool:
    """Whether all calls of a layer gave the same shape."""
    shapes = [str(layer.get_output_shape_at(i)) for i in range(len(layer._calls))]
    return len(set(shapes)) == 1


def _count(layer: Any) -> str:
    return str(layer.count_params()) if layer.built else "0 (unused)"


def _size(weights: Any) -> int:
    return sum(int(np.prod(v.get_shape().as_list())) for v in weights)
