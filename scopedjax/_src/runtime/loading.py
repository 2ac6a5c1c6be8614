"""Where values from the host go: `State.load_all` gives a session the values of a checkpoint.

    tiny, of a bundle that gets all its values     into the bundle: one transfer for all of them
    small                                          stay on the host until a program uses them (`Variables.hold`)
    texts                                          stay for ever
    the others                                     to the device, in one transfer

A program that restores the same variables again and again gives each value the place it had the last time: the places
are kept while the variables are what they were (`Variables.version`) and the values have the same types and shapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from scopedjax._src.lower.bundles import Bundle, Slot, Variables, bundled

_LARGEST_WAITING = 1 << 16  # bytes of a value from the host that moves to the device with the program that uses it


class Loading:
    """The places for values of given keys, types and shapes.

    Args:
      values: The variables of the session.
      found: A value for each key.
    """

    def __init__(self, values: Variables, found: Mapping[str, np.ndarray]) -> None:
        self._keys = list(found)
        self._kinds = [(value.dtype, value.shape) for value in found.values()]
        self._version = values.version
        numbers = {key: value for key, value in found.items() if value.dtype != object}
        self._bundles = _whole_bundles(values, numbers)
        groups = bundled({key: value for key, value in numbers.items() if key not in values})
        self._new = [Bundle({key: numbers[key].shape for key in keys}) for keys in groups]
        self._bundles += self._new
        taken = {key for bundle in self._bundles for key in bundle.members}
        self._held = [key for key, value in found.items() if key not in taken and _stays(value)]
        held = set(self._held)
        self._placed = [key for key in numbers if key not in taken and key not in held]

    def fits(self, values: Variables, found: Mapping[str, np.ndarray]) -> bool:
        """Whether these are the places for other values."""
        return (
            self._version == values.version
            and self._keys == list(found)
            and self._kinds == [(value.dtype, value.shape) for value in found.values()]
        )

    def apply(self, values: Variables, found: Mapping[str, np.ndarray]) -> None:
        """Gives the variables their values, all of them or, if one does not fit into memory, none."""
        flats = [np.concatenate([np.ravel(found[key]) for key in bundle.members]) for bundle in self._bundles]
        placed: list[Any] = []
        if flats or self._placed:
            placed = jax.device_put([*flats, *(found[key] for key in self._placed)])
        for bundle, flat in zip(self._bundles, placed, strict=False):
            bundle.flat = flat
        if self._new:
            values.update({key: slot for bundle in self._new for key, slot in bundle.members.items()})
            self._new.clear()
        values.hold({key: found[key] for key in self._held})
        values.settle(self._placed, placed[len(flats) :])
        self._version = values.version  # its own bundles are held now: the next values go to the same places


def _stays(value: np.ndarray) -> bool:
    return value.nbytes <= _LARGEST_WAITING if value.dtype.kind in "biufcV" else value.dtype == object


def _whole_bundles(values: Variables, found: Mapping[str, np.ndarray]) -> list[Bundle]:
    """The bundles of which all variables get values of the same type and shape."""
    held = dict.fromkeys(slot.bundle for key in found if isinstance(slot := values.get(key), Slot))
    return [bundle for bundle in held if _is_whole(bundle, values, found)]


def _is_whole(bundle: Bundle, values: Variables, found: Mapping[str, np.ndarray]) -> bool:
    parts = [found.get(key) for key in bundle.members]
    return all(
        part is not None and part.shape == slot.shape and part.dtype == slot.dtype and values.get(key) is slot
        for part, (key, slot) in zip(parts, bundle.members.items(), strict=True)
    )
