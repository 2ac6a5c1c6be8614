"""Rules that rename tensors: regular expressions, one after the other.

    --rename '(^|/)weights(/|$)=\\1kernel\\2'     conv/weights -> conv/kernel, conv/weights/Adam -> conv/kernel/Adam
    --rename '^net/='                           net/conv/kernel -> conv/kernel

A rule is OLD=NEW. Every match of OLD (a Python regular expression, found anywhere in the name) becomes NEW, where `\\1`
is OLD's first group; each rule is given what the rule before it made. A file of rules has one a line; empty lines and
lines that begin with `#` are skipped. `=` inside OLD is written `\\=`.

`rules_for` goes the other way: from pairs of names to few rules that make exactly those changes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from scopedjax._src.cli.tensor_files import CommandError

_EQUALS: Final = re.compile(r"(?<![?<\\])=")  # not that of (?=...), (?<=...) or \=
_TEMPORARY: Final = "__renaming__"


@dataclass(frozen=True)
class Rule:
    """One renaming rule.

    Attributes:
      old: What is replaced.
      new: What it becomes.
    """

    old: re.Pattern[str]
    new: str

    def apply(self, name: str) -> str:
        """The name after the rule."""
        try:
            return self.old.sub(self.new, name)
        except (re.error, IndexError) as error:
            raise CommandError(f"The renaming rule {self.text!r} cannot be applied to {name!r}: {error}") from error

    @property
    def text(self) -> str:
        """The rule as it is given to the command."""
        return f"{self.old.pattern}={self.new}"


def parse_rule(text: str) -> Rule:
    """Reads OLD=NEW.

    Raises:
      CommandError: It is none, or OLD is no regular expression.
    """
    parts = _EQUALS.split(text, maxsplit=1)
    if len(parts) != 2 or not parts[0]:
        raise CommandError(f"A renaming rule is OLD=NEW, with a regular expression as OLD; got {text!r}")
    try:
        rule = Rule(re.compile(parts[0]), parts[1])
        re.compile(f"(?:{parts[0]})|").sub(parts[1], "")  # says now whether NEW names a group that OLD lacks
    except (re.error, IndexError, OverflowError, RecursionError) as error:
        raise CommandError(f"The renaming rule {text!r} is no regular expression: {error}") from error
    return rule


def read_rules(path: str) -> list[Rule]:
    """Reads a file of rules.

    Raises:
      CommandError: A line of it is no rule.
      OSError: There is no such file.
    """
    rules: list[Rule] = []
    with open(path, encoding="utf-8", errors="strict") as file:
        try:
            for number, line in enumerate(file, 1):
                text = line.rstrip("\r\n")
                if text.strip() and not text.startswith("#"):
                    try:
                        rules.append(parse_rule(text))
                    except CommandError as error:
                        raise CommandError(f"{path}:{number}: {error}") from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{path} is no text file: {error}") from error
    return rules


def renamed(names: Iterable[str], rules: Sequence[Rule]) -> dict[str, str]:
    """Applies rules.

    Returns:
      For each name what it becomes.

    Raises:
      CommandError: Two names become one, or a name becomes empty.
    """
    result: dict[str, str] = {}
    origin: dict[str, str] = {}
    for name in names:
        new = name
        for rule in rules:
            new = rule.apply(new)
        if not new:
            raise CommandError(f"The renaming rules leave nothing of the name {name!r}")
        if new in origin:
            raise CommandError(f"The renaming rules give {origin[new]!r} and {name!r} the same name, {new!r}")
        origin[new] = name
        result[name] = new
    return result


# ----------------------------------------------------------------------------------------------- from pairs to rules


def rules_for(pairs: Mapping[str, str], names: Iterable[str]) -> list[Rule]:
    """Returns rules that rename as `pairs` says, and nothing else of `names`.

    Args:
      pairs: For each old name the new one.
      names: All names that the rules will be applied to.
    """
    names = list(names)
    general = _general(pairs, names)
    after = {name: _applied(name, general) for name in names}
    rest = {after[old]: new for old, new in pairs.items() if after[old] != new}
    rules = [*general, *_exact(rest)]
    if all(_applied(name, rules) == pairs.get(name, name) for name in names):
        return rules
    return _exact(pairs)


def _applied(name: str, rules: Sequence[Rule]) -> str:
    for rule in rules:
        name = rule.apply(name)
    return name


def _general(pairs: Mapping[str, str], names: Sequence[str]) -> list[Rule]:
    """Rules that stand for several pairs each, and do no harm to others."""
    words: Counter[tuple[str, str]] = Counter()
    scopes: Counter[tuple[str, str]] = Counter()
    for old, new in pairs.items():
        old_parts, new_parts = _parts(old), new.split("/")
        taken, put = max(len(old_parts) - len(new_parts), 0), max(len(new_parts) - len(old_parts), 0)
        if taken:
            scopes["/".join(old_parts[:taken]), ""] += 1
        elif put:
            # Not in front of every name: in front of those that begin as this one does.
            scopes[new_parts[put], "/".join(new_parts[: put + 1])] += 1
        same_length = zip(old_parts[taken:], new_parts[put:], strict=True)
        words.update({(a, b): 1 for a, b in same_length if a != b})
    rules = [_word_rule(old, new) for (old, new), count in words.most_common() if count > 1]
    rules += [_scope_rule(old, new) for (old, new), count in scopes.most_common() if count > 1]
    while rules:
        guilty = _guilty(rules, pairs, names)
        if guilty is None:
            break
        rules.remove(guilty)
    return rules


def _parts(name: str) -> list[str]:
    """The scopes of a name; the two that stood for a cell's weights before TensorFlow 1.0 count as one."""
    return [part.replace("\0", "/") for part in re.sub(r"Linear/(Matrix|Bias)\b", "Linear\0\\1", name).split("/")]


def _guilty(rules: Sequence[Rule], pairs: Mapping[str, str], names: Sequence[str]) -> Rule | None:
    """A rule that changes a name into something else than it should become, or None."""
    for name in names:
        last = None
        now = name
        for rule in rules:
            after = rule.apply(now)
            if after != now:
                last, now = rule, after
        if last is not None and now != pairs.get(name, name):
            return last
    return None


def _word_rule(old: str, new: str) -> Rule:
    return Rule(re.compile(f"(^|/){_literal(old)}(/|$)"), rf"\g<1>{_replacement(new)}\g<2>")


def _scope_rule(old: str, new: str) -> Rule:
    return Rule(re.compile(f"^{_literal(old)}/"), f"{_replacement(new)}/" if new else "")


def _exact(pairs: Mapping[str, str]) -> list[Rule]:
    """A rule for each pair, in an order in which no rule takes up what another has made; a ring goes by a detour."""
    left = dict(pairs)
    rules: list[Rule] = []
    while left:
        free = [old for old, new in left.items() if new not in left or new == old]
        for old in free:
            rules.append(_exact_rule(old, left.pop(old)))
        if not free:
            old, new = next(iter(left.items()))
            del left[old]
            rules.append(_exact_rule(old, old + _TEMPORARY))
            left[old + _TEMPORARY] = new
    return rules


def _exact_rule(old: str, new: str) -> Rule:
    return Rule(re.compile(f"^{_literal(old)}$"), _replacement(new))


def _literal(text: str) -> str:
    return re.escape(text).replace("=", r"\=").replace(r"\-", "-")


def _replacement(text: str) -> str:
    return text.replace("\\", r"\\")
