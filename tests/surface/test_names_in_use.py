"""What TF1 programs use is there: a count over 70 public repositories says which names matter."""

from __future__ import annotations

import operator
from pathlib import Path

import pytest

import scopedjax

TABLE = Path(__file__).with_name("names_in_use.tsv")
NAMES = [line.split("\t")[0].removeprefix("tf.") for line in TABLE.read_text().splitlines()[2:]]


@pytest.mark.parametrize("name", NAMES)
def test_is_there(name: str) -> None:
    assert operator.attrgetter(name)(scopedjax) is not None


@pytest.mark.parametrize("name", ["no_such_name", "nn.no_such_name", "train.no_such_name"])
def test_what_is_unknown_is_an_attribute_error(name: str) -> None:
    """Scripts ask `hasattr(tf, ...)` to tell versions apart, so absence must be an AttributeError that names it."""
    with pytest.raises(AttributeError, match=r"no_such_name"):
        operator.attrgetter(name)(scopedjax)
