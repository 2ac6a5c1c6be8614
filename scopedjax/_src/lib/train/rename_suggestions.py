"""Which tensor of a checkpoint is probably the one that a graph calls by another name.

    the graph wants        the checkpoint has
    dense/kernel    [3, 2]    net/dense/weights   [3, 2]      ->  net/dense/weights -> dense/kernel
    dense/bias      [2]       net/dense/biases    [2]         ->  net/dense/biases  -> dense/bias

A TF1 program's names changed with the version of TensorFlow, with the library of layers, and with each `name_scope`
that somebody put around it; the numbers did not. So names are compared in a form in which such changes do not show:
a tuple of (word, number), one a scope,

    net/Cell0/BasicLSTMCell/Linear/Matrix  =  net/cell_0/basic_lstm_cell/kernel  =
    (("net", ""), ("cell", "0"), ("basiclstmcell", ""), ("kernel", ""))

and the steps go from the surest to a guess; each takes only what the steps before it left over:

    1. equal in that form                       weights -> kernel, BasicLSTMCell -> basic_lstm_cell
    2. its moving average, or the reverse       w/ExponentialMovingAverage -> w
    3. scopes in front added, taken off or replaced, by majority
    4. the same names, numbered otherwise       dense_2, dense_3 -> dense, dense_1
    5. the same shape and a similar name

Invariants: a suggestion joins tensors of one dtype and of shapes that agree; no two suggestions give one name, or take
one tensor; the result depends on the two sets of names only. Suggestions say what is likely: whoever follows one should
know the model.

The pairs of old and new names are facts of TensorFlow's history, found by running the same layers under its versions.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

Shape = tuple[int | None, ...] | None
"""Sizes, None for one that is not known; None if not even their number is."""

Tensors = Mapping[str, tuple[str | None, Shape]]
"""For each name the name of its dtype (None: any) and its shape."""

Form = tuple[tuple[str, str], ...]

_AVERAGE: Final = "/ExponentialMovingAverage"
_ENDINGS: Final = re.compile(r"(:0|/\.ATTRIBUTES/VARIABLE_VALUE)$")
_NUMBERED: Final = re.compile(r"(?P<word>.*?)_?(?P<number>\d*)$", re.DOTALL)
_WORDS: Final = {
    "weights": "kernel",  # tf.contrib.layers and the cells before 1.2; tf.layers and the cells since
    "biases": "bias",
    "matrix": "kernel",  # the cells before 1.0: Linear/Matrix, Linear/Bias
    "depthwiseweights": "depthwisekernel",
    "pointwiseweights": "pointwisekernel",
    "recurrentweights": "recurrentkernel",
    "fullyconnected": "dense",
    "conv": "conv2d",
    "batchnorm": "batchnormalization",
}
_LETTERS: Final = {"w": "kernel", "b": "bias"}  # LSTMCell/W_0 and LSTMCell/B, of the cells before 1.0
_MOST_PAIRS: Final = 200_000  # pairs of names whose ends are compared
_MOST_GUESSES: Final = 20_000  # pairs of names that are compared letter by letter, which takes 30 us each


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A tensor of a checkpoint that probably is what a graph calls otherwise.

    Attributes:
      found: Its name in the checkpoint.
      wanted: The name that it should have.
      reason: Why, in a few words.
      copies: Whether the graph wants `found` under its own name too, so that renaming would not do.
    """

    found: str
    wanted: str
    reason: str
    copies: bool = False


def suggest_renames(wanted: Tensors, found: Tensors) -> list[Suggestion]:
    """Returns what is probably meant by names that a checkpoint lacks, or has with another shape.

    Args:
      wanted: What the graph restores.
      found: What the checkpoint has.

    Returns:
      At most one suggestion for each name, in the order of `wanted`.

    >>> wanted = {"dense/kernel": ("float32", (3, 2)), "dense/bias": ("float32", (2,))}
    >>> found = {"dense/weights": ("float32", (3, 2)), "dense/biases": ("float32", (2,))}
    >>> [(s.found, s.wanted) for s in suggest_renames(wanted, found)]
    [('dense/weights', 'dense/kernel'), ('dense/biases', 'dense/bias')]
    """
    search = _Search(wanted, found)
    if search.missing:
        search.equal_forms()
        search.averages()
        search.scopes()
        search.numbers()
        search.similar_names()
    return [search.result[name] for name in wanted if name in search.result]


def agree(first: tuple[str | None, Shape], second: tuple[str | None, Shape]) -> bool:
    """Whether two tensors may be one: equal dtypes, and shapes that agree where both are known."""
    if first[0] is not None and second[0] is not None and first[0] != second[0]:
        return False
    if first[1] is None or second[1] is None:
        return True
    return len(first[1]) == len(second[1]) and all(
        a is None or b is None or a == b for a, b in zip(first[1], second[1], strict=True)
    )


def form_of(name: str) -> Form:
    """The form of a name in which TensorFlow's changes of convention do not show.

    >>> form_of("RNN/Cell0/BasicLSTMCell/Linear/Matrix") == form_of("rnn/cell_0/basic_lstm_cell/kernel")
    True
    """
    form: list[tuple[str, str]] = []
    for part in _ENDINGS.sub("", name).split("/"):
        match = _NUMBERED.match(part)
        word, number = (part, "") if match is None else (match["word"], match["number"])
        word = word.replace("_", "").lower()
        word = _WORDS.get(word, word)
        if form and word in _LETTERS and form[-1][0].endswith("cell"):
            word, number = _LETTERS[word], "" if number == "0" else number
        if word in ("kernel", "bias") and form and form[-1][0] == "linear":
            form.pop()
        form.append((word, number))
    return tuple(form)


def natural(name: str) -> tuple[tuple[str, int], ...]:
    """A key that sorts `w_2` before `w_10`, and `w` before `w_1`."""
    pieces = re.split(r"(\d+)", name)
    return tuple((pieces[i], int(pieces[i + 1]) if i + 1 < len(pieces) else -1) for i in range(0, len(pieces), 2))


class _Search:
    """What is still to be found, what is left to choose from, and the steps."""

    def __init__(self, wanted: Tensors, found: Tensors) -> None:
        self.wanted, self.found = wanted, found
        differing = {name for name, tensor in wanted.items() if name in found and not agree(tensor, found[name])}
        self.missing = {name: form_of(name) for name in wanted if name not in found or name in differing}
        self.spare: dict[str, Form] = {}
        if self.missing:
            self.spare = {name: form_of(name) for name in found if name not in wanted or name in differing}
        self.result: dict[str, Suggestion] = {}

    def join(self, found: str, wanted: str, reason: str) -> None:
        self.result[wanted] = Suggestion(found, wanted, reason)
        self.missing.pop(wanted, None)
        self.spare.pop(found, None)

    def fits(self, found: str, wanted: str) -> bool:
        return found != wanted and agree(self.found[found], self.wanted[wanted])

    def equal_forms(self) -> None:
        by_form: dict[Form, list[str]] = defaultdict(list)
        for name, form in self.spare.items():
            by_form[form].append(name)
        for name, form in list(self.missing.items()):
            fitting = [other for other in by_form[form] if other in self.spare and self.fits(other, name)]
            if len(fitting) == 1:
                self.join(fitting[0], name, _change(fitting[0], name))

    def averages(self) -> None:
        for name in list(self.missing):
            shadow = name + _AVERAGE
            plain = name.removesuffix(_AVERAGE)
            if shadow in self.spare and self.fits(shadow, name):
                self.join(shadow, name, "its moving average")
            elif plain != name and plain in self.found and self.fits(plain, name):
                if plain in self.spare:
                    self.join(plain, name, "the variable itself, which the average starts from")
                else:
                    reason = "the checkpoint has no moving averages; they start from the variables themselves"
                    self.result[name] = Suggestion(plain, name, reason, copies=True)
                    del self.missing[name]

    def scopes(self) -> None:
        """Takes the change of leading scopes that explains most names, again and again."""
        changes = self._scope_changes()
        while changes:
            best = max(changes, key=lambda change: (len(changes[change]), *_plainness(change)))
            pairs = changes.pop(best)
            if len(pairs) < 2 and all(best):
                return  # one name alone says little
            for other, name in pairs:
                if name in self.missing and other in self.spare:
                    self.join(other, name, _scope_change(best, other, name))
            for change, rest in list(changes.items()):
                changes[change] = [(f, w) for f, w in rest if w in self.missing and f in self.spare]
                if not changes[change]:
                    del changes[change]

    def _scope_changes(self) -> dict[tuple[str, str], list[tuple[str, str]]]:
        """For (scopes in front there, scopes in front here) the pairs of names that this change would join."""
        by_end: dict[tuple[str, str], list[str]] = defaultdict(list)
        for name, form in self.spare.items():
            by_end[form[-1]].append(name)
        changes: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
        if sum(len(by_end.get(form[-1], ())) for form in self.missing.values()) > _MOST_PAIRS:
            return changes
        for name, form in self.missing.items():
            for other in by_end.get(form[-1], ()):
                if self.fits(other, name):
                    changes[_fronts(other, name, self.spare[other], form)].append((other, name))
        for change, pairs in changes.items():
            changes[change] = _one_to_one(pairs)
        return changes

    def numbers(self) -> None:
        """Joins names that differ in numbers only, in their order, where there are as many here as there.

        Names that both have count too: `dense_1, dense_2 -> dense, dense_1` is one shift, though both have `dense_1`.
        """
        here: dict[tuple[str, ...], list[str]] = defaultdict(list)
        there: dict[tuple[str, ...], list[str]] = defaultdict(list)
        wanted_words = {_words(form) for form in self.missing.values()}
        for names, groups in ((self.wanted, here), (self.found, there)):
            for name in names:
                words = _words(form_of(name))
                if words in wanted_words:
                    groups[words].append(name)
        for words in [_words(form) for form in self.missing.values()]:
            ours, theirs = here.pop(words, []), there.pop(words, [])
            if not ours or len(ours) != len(theirs) or any(name in self.result for name in ours):
                continue
            taken = {suggestion.found for suggestion in self.result.values()}
            pairs = list(zip(sorted(theirs, key=natural), sorted(ours, key=natural), strict=True))
            if not any(other in taken for other in theirs) and all(
                agree(self.found[other], self.wanted[name]) for other, name in pairs
            ):
                for other, name in pairs:
                    if other != name:
                        self.join(other, name, "numbered otherwise")

    def similar_names(self) -> None:
        by_rank: dict[int | None, list[str]] = defaultdict(list)
        for other in self.spare:
            by_rank[_rank(self.found[other])].append(other)
        pairs: list[tuple[str, str]] = []
        for name in self.missing:
            tensor = self.wanted[name]
            if tensor[1] is not None:  # without a shape a name alone would decide
                pairs += [(other, name) for other in by_rank[_rank(tensor)] if self.fits(other, name)]
            if len(pairs) > _MOST_GUESSES:
                return
        texts = {name: _text(form) for name, form in (*self.missing.items(), *self.spare.items())}
        scored = [
            (difflib.SequenceMatcher(None, texts[other], texts[name], autojunk=False).ratio(), other, name)
            for other, name in pairs
        ]
        of_missing, of_spare = Counter(name for _, name in pairs), Counter(other for other, _ in pairs)
        for score, other, name in sorted(scored, key=lambda item: (-item[0], item[1:])):
            only = of_missing[name] == 1 and of_spare[other] == 1 and len(self.wanted[name][1] or ()) >= 2
            if name in self.missing and other in self.spare and (score >= 0.6 or (only and score >= 0.3)):
                self.join(other, name, "the only one of this shape" if only else "same shape, similar name")


def _rank(tensor: tuple[str | None, Shape]) -> int | None:
    return None if tensor[1] is None else len(tensor[1])


# ------------------------------------------------------------------------------------------------------------- forms


def _words(form: Form) -> tuple[str, ...]:
    return tuple(word for word, _ in form)


def _text(form: Form) -> str:
    return "/".join(word + number for word, number in form)


def _fronts(found: str, wanted: str, found_form: Form, wanted_form: Form) -> tuple[str, str]:
    """What stands before the common end of two names, as they are written."""
    count = 0
    while count < min(len(found_form), len(wanted_form)) and found_form[-1 - count] == wanted_form[-1 - count]:
        count += 1
    return _front(found, len(found_form) - count), _front(wanted, len(wanted_form) - count)


def _front(name: str, length: int) -> str:
    # A form may be a scope shorter than its name (`Linear/Matrix`); those scopes belong to the end.
    return "/".join(name.split("/")[:length])


def _plainness(change: tuple[str, str]) -> tuple[bool, int]:
    """Among changes that explain as much: rather one that adds or takes scopes, rather one of little text."""
    return not all(change), -len(change[0]) - len(change[1])


def _one_to_one(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    taken: set[str] = set()
    given: set[str] = set()
    result: list[tuple[str, str]] = []
    for found, wanted in pairs:
        if found not in taken and wanted not in given:
            taken.add(found)
            given.add(wanted)
            result.append((found, wanted))
    return result


# ------------------------------------------------------------------------------------------------------------ reasons


def _scope_change(change: tuple[str, str], found: str, wanted: str) -> str:
    there, here = change
    if not there:
        reason = f"the scope {here!r} in front is new"
    elif not here:
        reason = f"without the scope {there!r} in front"
    else:
        reason = f"the scope {there!r} is {here!r} here"
    ends = found[len(there) :].lstrip("/"), wanted[len(here) :].lstrip("/")
    return reason if ends[0] == ends[1] else f"{reason}, {_change(*ends)}"


def _change(found: str, wanted: str) -> str:
    """Says which parts of two names of equal form differ."""
    old, new = found.split("/"), wanted.split("/")
    if len(old) == len(new):
        changed = [f"{a} is {b} now" for a, b in zip(old, new, strict=True) if a != b]
        return ", ".join(changed[:2])
    return "named after another convention"


MOST_TOLD: Final = 8
"""Suggestions that an error message holds."""


def suggestions_text(wanted: Tensors, found: Tensors, path: str) -> str:
    """What an error of a restore says about names that do not match; "" if there is nothing to say.

    Args:
      wanted: What the graph restores.
      found: What the checkpoint has.
      path: The checkpoint.
    """
    suggestions = suggest_renames(wanted, found)
    if not suggestions:
        return ""
    lines = [f"  {s.found} -> {s.wanted}   ({s.reason})" for s in suggestions[:MOST_TOLD]]
    if len(suggestions) > MOST_TOLD:
        lines.append(f"  ... and {len(suggestions) - MOST_TOLD} more")
    return (
        "The checkpoint probably has these under other names:\n"
        + "\n".join(lines)
        + "\nRestore them as tf.train.Saver({name in the checkpoint: variable}), or rename them: "
        f"`python -m scopedjax diff {path} GRAPH.meta` prints the rules, `python -m scopedjax convert` applies them."
    )
