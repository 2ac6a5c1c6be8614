"""Checks of values that only a running program knows: an index outside a table, an element that was written twice.

TensorFlow on a CPU stops a run at such a node. A compiled program cannot stop, so it takes a note and goes on:

    rows = tf.gather(table, ids)        ids = [1, 7], a table of 5 rows

    note (int64[10], all zeros at first)   <-   [site 3, place 1, found 7]     the first thing that was wrong
    site 3                                      gather 'GatherV2', words "indices[{place}] = {found} is not in [0, 5)"

The note is one more value of the trace's state (`NOTE`), beside the variables, so loops, branches and derivatives
carry it as they carry variables. A program in which something is checked has it as one more output; any other program
has none. After a run that returns values, which has waited for the device anyway, the session looks at the note and
raises. A run that returns none does not wait: its note is looked at as soon as it is there, at the latest by the next
run that returns values, by a save, or when the session is closed; the error then says which run it was.

What an error leaves behind. TensorFlow makes no promise about which other nodes ran before the one that failed. Here
all of them did: an index outside reads zeros, or changes nothing, and the other rows and variables have been updated.

What is not checked costs nothing. Whether an index can be outside is asked of the graph first (`value_ranges`): a
constant, an `argmax`, the counter of a loop whose number of steps is known, or what was checked before in the same
program need no check. Measured on two cores, with checks and without (`SCOPEDJAX_CHECK_INDICES=0`, read when a program
is compiled): see `tests/benchmarks/run.py checks`. The road out (`pure_function`) has no note: it stays a pure function
of its arguments, in which an index outside reads zeros, as in TensorFlow on a GPU.

Invariants: only the first thing that is wrong is kept; the table of sites grows and never changes; a note is looked at
once, by the thread whose run wrote it, or by whoever saves or closes.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from scopedjax._src.base.errors import InvalidArgumentError, OpError
from scopedjax._src.graph.operation import Operation

NOTE: Final = "note of checks"  # key in a trace's state; no variable has spaces in its name
_MOST_FOUND: Final = 8  # numbers that an error can show: an index of so many dimensions
_WIDTH: Final = 2 + _MOST_FOUND


def are_wanted() -> bool:
    """Whether programs that are compiled now check indices."""
    return os.environ.get("SCOPEDJAX_CHECK_INDICES", "1") != "0"


@dataclass(frozen=True, slots=True)
class Site:
    """A place in a program at which something is checked.

    Attributes:
      op: The node that fails.
      words: The error's text; `{at}` stands for the place in brackets (nothing for a scalar), `{place}` for the place
        without them, `{found}` for what was found.
      shape: Shape of what is checked: the place is an index into it.
      depth: How many numbers were found wrong together; 0 for a single one.
    """

    op: Operation
    words: str
    shape: tuple[int, ...]
    depth: int = 0

    def error(self, note: np.ndarray, when: str = "") -> OpError:
        """Returns the error that a note tells of."""
        place = np.unravel_index(int(note[1]), self.shape) if self.shape else ()
        numbers = [str(int(n)) for n in note[2 : 2 + max(1, min(self.depth, _MOST_FOUND))]]
        listed = ",".join(str(int(i)) for i in place)
        text = self.words.replace("{at}", f"[{listed}]" if place else "").replace("{place}", listed)
        text = text.replace("{found}", f"[{', '.join(numbers)}]" if self.depth else numbers[0])
        op = self.op
        return InvalidArgumentError(
            None, op, f"{text}\n\t [[{{{{node {op.name}}}}}]] ({op.type}, made at {op.site}){when}"
        )


class Checks:
    """The sites of one program."""

    def __init__(self) -> None:
        self.sites: dict[Site, int] = {}
        self.used = False

    def number(self, site: Site) -> int:
        """Returns the number, from 1, that stands for a site in a note."""
        self.used = True
        return self.sites.setdefault(site, len(self.sites) + 1)

    def site(self, number: int) -> Site:
        """Returns the site with a number."""
        return list(self.sites)[number - 1]


def empty_note() -> Any:
    """A note that says nothing."""
    return jnp.zeros([_WIDTH], jnp.int64)


def noted(note: Any, number: int, wrong: Any, found: Any) -> Any:
    """Returns a note with the first of what is wrong, if anything is and nothing was noted before.

    Args:
      note: The note.
      number: Of the site.
      wrong: Bool array, of the site's shape.
      found: Integers of the same shape, or of one dimension more (`depth`).
    """
    if wrong.size == 0:
        return note
    flat = jnp.reshape(wrong, (-1,))
    count = flat.shape[0]
    if count == 1:
        first, is_wrong = np.int32(0), flat[0]
    else:
        first = jnp.min(jnp.where(flat, np.arange(count, dtype=np.int32), np.int32(count)))
        is_wrong = first < count
    rows = jnp.reshape(jnp.asarray(found), (count, -1))[:, :_MOST_FOUND]
    row = rows[0] if count == 1 else jax.lax.dynamic_index_in_dim(rows, first, keepdims=False)
    numbers = jnp.pad(row.astype(jnp.int64), (0, _MOST_FOUND - row.shape[0]))
    head = jnp.stack([jnp.asarray(number, jnp.int64), jnp.asarray(first, jnp.int64)])
    return jnp.where(is_wrong & (note[0] == 0), jnp.concatenate([head, numbers]), note)


def raise_where(op: Operation, wrong: np.ndarray, found: np.ndarray, words: str, depth: int = 0) -> None:
    """Raises what a note would tell of values that are known.

    Raises:
      InvalidArgumentError: something is wrong.
    """
    if not wrong.any():
        return
    first = int(np.flatnonzero(wrong)[0])
    note = np.zeros([_WIDTH], np.int64)
    row = found.reshape(wrong.size, -1)[first, :_MOST_FOUND]
    note[:2], note[2 : 2 + row.size] = (1, first), row
    raise Site(op, words, wrong.shape, depth).error(note)


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    note: Any
    checks: Checks
    run: int
    thread: int
    gives_values: bool


class PendingNotes:
    """The notes of runs that have not been looked at yet."""

    def __init__(self) -> None:
        self._entries: deque[_Entry] = deque()
        self._numbers = itertools.count(1)
        self._here = threading.local()

    def __bool__(self) -> bool:
        return bool(self._entries)

    def begin_run(self) -> None:
        """Tells that this thread begins a run; what was left of runs before is looked at.

        Raises:
          InvalidArgumentError: a run before that returned no values has failed in the meantime.
        """
        if self._entries:
            self.look()
        self._here.run = next(self._numbers)

    def add(self, note: Any, checks: Checks, gives_values: bool) -> None:
        """Keeps the note of a program that was started."""
        run = getattr(self._here, "run", 0)
        self._entries.append(_Entry(note, checks, run, threading.get_ident(), gives_values))

    def look(self, values: bool = False, everything: bool = False) -> None:
        """Looks at the notes of this thread's programs that have finished.

        Args:
          values: Whether to wait for programs that give values: somebody has these already, so they have finished.
          everything: Whether to wait for all programs, and to look at those of other threads too.

        Raises:
          InvalidArgumentError: a note tells of something wrong; notes of later runs stay to be looked at.
        """
        own = threading.get_ident()
        for entry in list(self._entries):
            if not everything and (entry.thread != own or not (values and entry.gives_values or entry.note.is_ready())):
                continue
            try:
                self._entries.remove(entry)
            except ValueError:
                continue  # another thread was quicker
            content = np.asarray(entry.note)
            if content[0]:
                self._forget(entry)
                raise entry.checks.site(int(content[0])).error(content, self._when(entry, everything))

    def _forget(self, failed: _Entry) -> None:
        """What else went wrong in the same run followed from the first."""
        for entry in list(self._entries):
            if (entry.run, entry.thread) == (failed.run, failed.thread):
                self._entries.remove(entry)

    def _when(self, entry: _Entry, late: bool) -> str:
        if not late and entry.thread == threading.get_ident() and entry.run == getattr(self._here, "run", 0):
            return ""
        return f"\n\t It was run number {entry.run} of this session that failed; nobody had waited for it."
