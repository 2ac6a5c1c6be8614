"""`SessionState`: what a session keeps between runs: the variables, and the rows of the random streams.

    values: {"w": jax.Array, "w/Adam": jax.Array, "labels": ndarray of bytes}
    rng:    uint64[rows, 3]   one row a random node: next block, seed, seed2

The rows live on the device beside the variables, because a branch that is not taken does not advance its streams. Rows
are added in chunks, so that a program's signature seldom changes. Invariants: all changes happen under `lock`; two
variables never share a buffer; a node keeps its row for the life of the session.

    resources: {"fifo_queue": FirstInFirstOut(...)}   what handles stand for, on the host

A resource is made when a node first asks for it (`HostContext.resource`). It has its own lock, so that a thread may
wait for an element of a queue while others run.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import jax
import numpy as np

from scopedjax._src.graph.operation import Operation
from scopedjax._src.lower.bundles import Variables
from scopedjax._src.lower.checks import PendingNotes
from scopedjax._src.runtime.loading import Loading

_CHUNK = 64
_MASK = (1 << 64) - 1


class SessionState:
    """The variables and random streams of one session."""

    def __init__(self, session: Any, device: Any = None) -> None:
        self.session = session
        self.values = Variables()
        self.rng: Any = None
        self.slots: dict[Operation, int] = {}
        self.lock = threading.RLock()
        self.resources: dict[str, Any] = {}
        self.resources_lock = threading.RLock()
        self.notes = PendingNotes()
        self._device = device
        self._loading: Loading | None = None
        self.platform: str = device.platform if device is not None else jax.default_backend()

    def release_resources(self) -> None:
        """Lets go of queues, readers and the like; what waits for one of them is told to stop."""
        with self.resources_lock:
            held = list(self.resources.values())
            self.resources.clear()
        for resource in held:
            release = getattr(resource, "release", None)
            if release is not None:
                release()

    def enter_device(self) -> AbstractContextManager[Any]:
        """Returns the context manager under which programs are traced and run: 64-bit types, the session's device."""
        if self._device is None:
            return jax.enable_x64(True)
        return _OnDevice(self._device)

    def ensure_rows(self, ops: Sequence[Operation]) -> None:
        """Gives each random node a row, started at its seeds; a node without seeds draws them now."""
        new = [op for op in ops if op not in self.slots]
        if not new:
            return
        with self.lock, self.enter_device():
            first = len(self.slots)
            rows = np.zeros((len(new), 3), np.uint64)
            for i, op in enumerate(new):
                self.slots[op] = first + i
                seed, seed2 = op.attrs.get("seed", 0), op.attrs.get("seed2", 0)
                if seed == 0 and seed2 == 0:
                    seed, seed2 = (int.from_bytes(os.urandom(8), "little") for _ in range(2))
                rows[i] = 0, seed & _MASK, seed2 & _MASK
            needed = -(-len(self.slots) // _CHUNK) * _CHUNK
            table = np.zeros((needed, 3), np.uint64)
            if self.rng is not None:
                table[: len(self.rng)] = np.asarray(self.rng)
            table[first : first + len(new)] = rows
            self.rng = jax.device_put(table)

    def take_blocks(self, op: Operation, blocks: int) -> tuple[int, int, int]:
        """Returns (seed, seed2, first block) of a node's stream and advances it, for a node that runs on the host."""
        with self.lock, self.enter_device():
            table = np.array(self.rng)
            row = self.slots[op]
            block, seed, seed2 = (int(v) for v in table[row])
            table[row, 0] = np.uint64((block + blocks) & _MASK)
            self.rng = jax.device_put(table)
        return seed, seed2, block

    def load(self, key: str, value: np.ndarray) -> None:
        """Gives a variable a value from the host."""
        self.load_all({key: np.array(value)})

    def load_all(self, found: Mapping[str, np.ndarray]) -> None:
        """Gives variables values from the host, all of them or, if one does not fit into memory, none.

        Args:
          found: A value for each key, not used by the caller afterwards.
        """
        with self.lock, self.enter_device():
            if self._loading is None or not self._loading.fits(self.values, found):
                self._loading = Loading(self.values, found)
            self._loading.apply(self.values, found)


class _OnDevice:
    """64-bit types on a given device."""

    __slots__ = ("_device", "_x64")

    def __init__(self, device: Any) -> None:
        self._x64 = jax.enable_x64(True)
        self._device = jax.default_device(device)

    def __enter__(self) -> None:
        self._x64.__enter__()
        self._device.__enter__()

    def __exit__(self, *error: Any) -> None:
        self._device.__exit__(*error)
        self._x64.__exit__(*error)
