"""`tf.train.Example` and its parts against TensorFlow's own messages: wire, text and JSON, both ways."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from google.protobuf import json_format, text_format
from hypothesis import given, settings
from hypothesis import strategies as st

from scopedjax._src.ops.parsing import example_protos
from tests import oracle

pytestmark = pytest.mark.oracle

NAMES = [
    "BytesList", "FloatList", "Int64List", "Feature", "Features", "FeatureList", "FeatureLists", "Example",
    "SequenceExample",
]  # fmt: skip


def _fields(descriptor: Any) -> list[Any]:
    found = []
    for field in descriptor.fields:
        inner = field.message_type
        found.append(
            (
                field.name,
                field.number,
                field.type,
                field.is_repeated,
                field.is_packed if field.type != field.TYPE_BYTES else None,
                field.containing_oneof.name if field.containing_oneof else None,
                inner.full_name if inner else None,
                _fields(inner) if inner and inner.GetOptions().map_entry else None,
            )
        )
    return sorted(found, key=lambda f: f[1])


@pytest.mark.parametrize("name", NAMES)
def test_descriptors_are_tensorflows(name: str) -> None:
    theirs, ours = getattr(oracle.real_tf().train, name), getattr(example_protos, name)
    oracle.assert_same(_fields(theirs.DESCRIPTOR), _fields(ours.DESCRIPTOR))
    assert theirs.DESCRIPTOR.full_name == ours.DESCRIPTOR.full_name
    assert theirs.DESCRIPTOR.file.name == ours.DESCRIPTOR.file.name
    assert ours.__doc__


def _feature(train: Any, value: Any) -> Any:
    kind, numbers = value
    if kind == "bytes":
        return train.Feature(bytes_list=train.BytesList(value=numbers))
    if kind == "float":
        return train.Feature(float_list=train.FloatList(value=numbers))
    return train.Feature(int64_list=train.Int64List(value=numbers))


def _example(train: Any, values: dict[str, Any]) -> Any:
    return train.Example(features=train.Features(feature={k: _feature(train, v) for k, v in values.items()}))


def _sequence_example(train: Any, context: dict[str, Any], lists: dict[str, list[Any]]) -> Any:
    return train.SequenceExample(
        context=train.Features(feature={k: _feature(train, v) for k, v in context.items()}),
        feature_lists=train.FeatureLists(
            feature_list={k: train.FeatureList(feature=[_feature(train, v) for v in vs]) for k, vs in lists.items()}
        ),
    )


VALUES = st.one_of(
    st.tuples(st.just("bytes"), st.lists(st.binary(max_size=8), max_size=4)),
    st.tuples(st.just("float"), st.lists(st.floats(width=32, allow_nan=False), max_size=4)),
    st.tuples(st.just("int64"), st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4)),
)
NAMED = st.dictionaries(st.text(max_size=5).filter(lambda s: s.isprintable()), VALUES, max_size=4)


@settings(max_examples=60, deadline=None)
@given(values=NAMED)
def test_examples_cross_the_wire_both_ways(values: dict[str, Any]) -> None:
    theirs, ours = _example(oracle.real_tf().train, values), _example(example_protos, values)
    there = type(theirs).FromString(ours.SerializeToString())
    here = type(ours).FromString(theirs.SerializeToString())
    assert there == theirs and here == ours
    assert ours.SerializeToString(deterministic=True) == theirs.SerializeToString(deterministic=True)
    assert text_format.MessageToString(ours) == text_format.MessageToString(theirs)
    assert json_format.MessageToDict(ours) == json_format.MessageToDict(theirs)
    oracle.COUNTS["comparisons"] += 1


@settings(max_examples=30, deadline=None)
@given(context=NAMED, lists=st.dictionaries(st.sampled_from("abc"), st.lists(VALUES, max_size=3), max_size=3))
def test_sequence_examples_cross_the_wire_both_ways(context: dict[str, Any], lists: dict[str, list[Any]]) -> None:
    theirs = _sequence_example(oracle.real_tf().train, context, lists)
    ours = _sequence_example(example_protos, context, lists)
    assert type(theirs).FromString(ours.SerializeToString()) == theirs
    assert type(ours).FromString(theirs.SerializeToString()) == ours
    oracle.COUNTS["comparisons"] += 1


def test_what_scripts_do_with_them() -> None:
    """NumPy arrays as values, item access by name, copies, text, and a wrong value refused as TensorFlow refuses it."""

    def body(train: Any) -> list[Any]:
        example = train.Example()
        example.features.feature["image"].bytes_list.value.append(b"\x00\xff")
        example.features.feature["label"].int64_list.value.extend(np.arange(3))
        example.features.feature["weight"].float_list.value[:] = np.float32([0.5, 1.5])
        twin = copy.deepcopy(example)
        refused = []
        for wrong in (
            lambda: train.Int64List(value=[1.5]),
            lambda: train.BytesList(value=["é", 3]),
            lambda: train.Int64List(value=3),
        ):
            try:
                wrong()
            except Exception as error:
                refused.append(type(error).__name__)
        return [
            twin == example,
            str(example),
            list(example.features.feature["label"].int64_list.value),
            example.features.feature["image"].WhichOneof("kind"),
            "absent" in example.features.feature,
            text_format.Parse(str(example), train.Example()) == example,
            refused,
        ]

    oracle.assert_same(body(oracle.real_tf().train), body(example_protos))
