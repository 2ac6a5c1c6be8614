"""Nested structures against `tf.nest` and the rest of TensorFlow's nest module."""

from __future__ import annotations

import collections
import dataclasses
import inspect
import types
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from scopedjax._src.base import nest
from tests import oracle
from tests.base.pair import NT, assert_agree

DEEP = "[1, (2, NT(3, [4])), {'b': 5, 'a': {'c': 6}}]"
ORDERED = "collections.OrderedDict([('b', 1), ('a', 2)])"
DEFAULT = "collections.defaultdict(list, {'b': 1, 'a': 2})"

CONTAINERS = [
    *(
        "1",
        "None",
        "'abc'",
        "b'abc'",
        "bytearray(b'ab')",
        "np.zeros(2)",
        "{1, 2}",
        "frozenset([1])",
        "iter([1])",
        "TS([1])",
    ),
    *("[]", "()", "{}", "[[]]", "[1, [2, (3,)]]", "NT(1, [2])", "range(3)", "collections.deque([1, 2])", DEEP, ORDERED),
    *(DEFAULT, "{'a': 1}.keys()", "{'b': 1, 'a': 2}.values()", "{'b': 1, 'a': 2}.items()", "{'a': 1, 2: 3}"),
    *(
        "collections.UserDict(b=1, a=2)",
        "collections.UserList([1, 2])",
        "__import__('array').array('i', [1])",
        "object",
    ),
    *(
        "{(1, 2): 3, (0, 5): 4}",
        "{1: 'x', 0: 'y'}",
        "[None, None]",
        "memoryview(b'ab')[0]",
        "collections.Counter('aab')",
    ),
]

PAIRS = [
    *("[1, 2] ; [3, 4]", "[1, 2] ; [3]", "[3] ; [1, 2]", "[1, [2]] ; [3, 4]", "[1, 2] ; (3, 4)", "1 ; [3]", "[1] ; 1"),
    *("{'a': 1} ; {'b': 1}", "{'a': 1} ; {'a': 1, 'b': 1}", "{'a': 1} ; [1]", f"{{'a': 1, 'b': 2}} ; {ORDERED}"),
    *("NT(1, 2) ; (1, 2)", "NT(1, 2) ; twin('NT', 'a b')(3, 4)", "NT(1, 2) ; twin('NT2', 'a b')(3, 4)", "'abc' ; 'de'"),
    *(
        "NT(1, 2) ; twin('NT', 'a c')(3, 4)",
        "'abc' ; 1",
        "[[1, 2], 3] ; [1, [2, 3]]",
        "[] ; ()",
        "{'a': [1]} ; {'a': 1}",
    ),
    *(
        "{'a': [1, 2]} ; {'a': (1, 2)}",
        "[] ; []",
        "{} ; {}",
        "[] ; [1]",
        "{} ; []",
        "[{}] ; [1]",
        f"{ORDERED} ; {DEFAULT}",
    ),
    *("range(2) ; [5, 6]", "collections.deque([1]) ; [1]", "(1, [2, {'a': 3}]) ; (4, [5, {'a': 6}])"),
]

SHALLOW = [
    *("[1, [2]] ; [[1, 2], [3]]", "[1, 2] ; [[1, 2], [3], 4]", "[1, 2] ; (1, 2)", "[1] ; 2", "1 ; [2]", "[] ; [2]"),
    *("{'a': 1} ; {'b': [2]}", "{'a': 1} ; {'a': [2], 'b': 3}", "{'a': 1, 'c': 2} ; {'a': [2], 'b': 3}"),
    *("{'a': 1} ; collections.OrderedDict(a=[2])", "NT(1, 2) ; twin('NT', 'a b')([1], 2)"),
    *("[[1], [2]] ; [[1], 2]", "[[1], [2]] ; [[1], [2, 3]]", "{'b': 1, 'a': 2} ; {'b': [1], 'a': {'c': 3}}", "[] ; []"),
    *("{'a': [1]} ; {'a': [[2]]}", "{'a': 1} ; [2]", "'ab' ; [1]", "NT(1, 2) ; twin('X', 'a b')([1], 2)"),
]


@pytest.mark.oracle
@pytest.mark.parametrize("structure", CONTAINERS)
def test_one_structure(structure: str) -> None:
    assert_agree(f"nest.is_nested({structure})")
    assert_agree(f"nest.flatten({structure})")
    assert_agree(f"nest.flatten({structure}, expand_composites=True)")
    assert_agree(f"nest.map_structure(lambda x: (x, 0), {structure})")
    assert_agree(f"nest.pack_sequence_as({structure}, [[i] for i, _ in enumerate(nest.flatten({structure}))])")
    assert_agree(f"nest.flatten_with_tuple_paths({structure})")
    assert_agree(f"nest.flatten_with_joined_string_paths({structure})")
    assert_agree(f"nest.map_structure_with_tuple_paths(lambda p, x: (p, x), {structure})")
    assert_agree(f"nest.map_structure_with_paths(lambda p, x: (p, x), {structure})")


@pytest.mark.oracle
@pytest.mark.parametrize("check_types", [True, False])
@pytest.mark.parametrize("pair", PAIRS)
def test_two_structures(pair: str, check_types: bool) -> None:
    a, b = pair.split(" ; ")
    assert_agree(f"nest.assert_same_structure({a}, {b}, check_types={check_types})")
    assert_agree(f"nest.map_structure(lambda x, y: [x, y], {a}, {b}, check_types={check_types})")


def _says(expression: str) -> str:
    from tests.base.pair import ours, theirs

    expected, got = theirs(expression), ours(expression)
    assert isinstance(expected, oracle.Raised) and isinstance(got, oracle.Raised)
    # TF calls all containers namedtuples in one of its sentences.
    assert got.message == expected.message.replace("The two namedtuples", "The two structures")
    return got.message


@pytest.mark.oracle
@pytest.mark.parametrize(
    "pair", ["[1, [2]] ; [3, 4]", "{'a': 1} ; {'b': 1}", "[1] ; [1, 2]", "(1, {'x': 2}) ; [1, [2]]"]
)
def test_a_difference_is_explained_in_full(pair: str) -> None:
    a, b = pair.split(" ; ")
    assert "Entire first structure" in _says(f"nest.assert_same_structure({a}, {b})")


@pytest.mark.oracle
@pytest.mark.parametrize("check_types", [True, False])
@pytest.mark.parametrize("pair", SHALLOW)
def test_shallow_structures(pair: str, check_types: bool) -> None:
    shallow, deep = pair.split(" ; ")
    assert_agree(f"nest.flatten_up_to({shallow}, {deep}, check_types={check_types})")
    assert_agree(f"nest.assert_shallow_structure({shallow}, {deep}, check_types={check_types})")
    assert_agree(f"nest.map_structure_up_to({shallow}, lambda x: (x, 0), {deep}, check_types={check_types})")


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("expression", "phrase"),
    [
        ("nest.map_structure(1, [1])", None),
        ("nest.map_structure(lambda x: x)", None),
        ("nest.map_structure(lambda x: x, [1], foo=1)", None),
        ("nest.map_structure(lambda x: x, [1], foo=1, bar=2)", None),
        ("nest.map_structure(lambda x, y, z: x + y + z, [1, {'a': 2}], [3, {'a': 4}], [5, {'a': 6}])", None),
        ("nest.pack_sequence_as([1, [2]], [5])", None),
        ("nest.pack_sequence_as([1, [2]], [5, 6, 7])", None),
        ("nest.pack_sequence_as(1, [5, 6])", None),
        ("nest.pack_sequence_as(1, [5])", None),
        ("nest.pack_sequence_as([1], 5)", None),
        ("nest.pack_sequence_as([1, 2], (5, 6))", None),
        ("nest.pack_sequence_as([1, 2], {'a': 1, 'b': 2})", False),
        ("nest.pack_sequence_as([1, 2], np.array([5, 6]))", None),
        ("nest.map_structure_up_to([1, 2], lambda x, y: (x, y), [[1], [2]], [3, 4])", None),
        ("nest.map_structure_up_to([1, 2], lambda x, y: (x, y))", None),
        ("nest.map_structure_up_to([1, 2], lambda x, y: (x, y), [1, 2], [1])", None),
        ("nest.map_structure_with_paths(lambda p, x, y: (p, x, y), {'a': [1]}, {'a': [2]})", None),
        ("nest.map_structure_with_tuple_paths(lambda p, x, y: (p, x, y), {'a': [1]}, {'b': [2]})", False),
        ("nest.flatten_with_joined_string_paths({'a': [1, 2]}, separator='.')", None),
        ("nest.flatten_dict_items({(4, 5, (6, 8)): ('a', 'b', ('c', 'd'))})", None),
        ("nest.flatten_dict_items({1: 2, 'a': 'b'})", None),
        ("nest.flatten_dict_items({(1, 2): ('a', 'b'), (3, 1): ('c', 'd')})", None),
        ("nest.flatten_dict_items({(1, 2): 'ab'})", None),
        ("nest.flatten_dict_items({(1, 2): ('a', 'b', 'c')})", None),
        ("nest.flatten_dict_items({1: (2, 3)})", None),
        ("nest.flatten_dict_items({(1, (2, 3)): ('a', 5)})", None),
        ("nest.flatten_dict_items(collections.OrderedDict([((2, 3), ('a', 'b')), (1, 5)]))", None),
        ("nest.flatten_dict_items([1])", "must be a dictionary"),
        ("nest.get_traverse_shallow_structure(lambda s: isinstance(s, list), [1, [2], (3,)])", None),
        ("nest.get_traverse_shallow_structure(lambda s: not isinstance(s, dict), [1, {'a': 2}])", None),
        ("nest.get_traverse_shallow_structure(lambda s: [True, False] if s == [[1], [2]] else True, [[1], [2]])", None),
        ("nest.get_traverse_shallow_structure(lambda s: 'yes', [1])", False),
        ("nest.get_traverse_shallow_structure(lambda s: 1, 5)", None),
        ("nest.get_traverse_shallow_structure(lambda s: False, [1])", None),
    ],
)
def test_calls(expression: str, phrase: str | bool | None) -> None:
    assert_agree(expression, phrase)


def test_where_more_works_than_in_tensorflow() -> None:
    # TF 2.21 cannot rebuild a read-only mapping, looks the items of a tuple up by the names of a namedtuple, and loses
    # the keyword arguments that TF 1.15 hands to the function.
    proxy = types.MappingProxyType({"b": 1, "a": 2})
    assert nest.map_structure(lambda x: 10 * x, proxy) == {"b": 10, "a": 20}
    assert nest.flatten_up_to(NT(1, 2), (1, [2]), check_types=False) == [1, [2]]
    with pytest.raises(TypeError, match="same sequence type"):
        nest.flatten_up_to(NT(1, 2), (1, [2]))
    assert nest.map_structure_up_to([1, 2], lambda x, foo: (x, foo), [1, 2], foo=3) == [(1, 3), (2, 3)]


@pytest.mark.oracle
def test_parameters_equal_tensorflows() -> None:
    theirs = oracle.real_tf().nest
    for name in (n for n in dir(theirs) if not n.startswith("_")):
        expected, got = inspect.signature(getattr(theirs, name)), inspect.signature(getattr(nest, name))
        assert [(p.name, p.kind, p.default) for p in got.parameters.values()] == [
            (p.name, p.kind, p.default) for p in expected.parameters.values()
        ], name


# ------------------------------------------------------------------------------------------------- random structures

structures = st.recursive(
    st.one_of(st.integers(), st.text(max_size=2), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text("abc", max_size=2), inner, max_size=3),
        st.builds(NT, inner, inner),
        st.lists(inner, max_size=2).map(lambda v: collections.OrderedDict(zip("ba", v, strict=False))),
    ),
    max_leaves=12,
)


@pytest.mark.oracle
@hypothesis.given(structures)
def test_any_structure_flattens_as_in_tensorflow_and_packs_back(structure: Any) -> None:
    leaves = nest.flatten(structure)
    assert leaves == oracle.real_tf().nest.flatten(structure)
    packed = nest.pack_sequence_as(structure, leaves)
    assert packed == structure and type(packed) is type(structure)
    nest.assert_same_structure(structure, packed)


@pytest.mark.oracle
@hypothesis.given(structures, structures)
def test_any_two_structures_are_the_same_when_tensorflow_says_so(a: Any, b: Any) -> None:
    def compare(module: Any) -> Any:
        try:
            return module.assert_same_structure(a, b)
        except (TypeError, ValueError) as error:
            return type(error)

    assert compare(nest) == compare(oracle.real_tf().nest)


# --------------------------------------------------------------------------------------------- objects with parts


class Sparse:
    """A stand-in for a composite tensor."""

    def __init__(self, *parts: Any) -> None:
        self.parts = list(parts)

    def _composite_parts(self) -> list[Any]:
        return self.parts

    def _composite_like(self, parts: list[Any]) -> Sparse:
        return Sparse(*parts)


def test_composites_are_leaves_unless_expanded() -> None:
    sparse = Sparse(1, 2)
    assert nest.flatten([sparse, 3]) == [sparse, 3]
    assert nest.flatten([sparse, 3], expand_composites=True) == [1, 2, 3]
    doubled = nest.map_structure(lambda x: 2 * x, {"s": sparse}, expand_composites=True)
    assert doubled["s"].parts == [2, 4]
    with pytest.raises(ValueError, match="is a sequence, while substructure"):
        nest.assert_same_structure([sparse], [1], expand_composites=True)


@dataclasses.dataclass
class Field:
    """What the package attrs leaves on a class."""

    name: str


class Attrs:
    """A class as attrs makes them."""

    __attrs_attrs__ = (Field("b"), Field("a"))

    def __init__(self, b: Any, a: Any) -> None:
        self.b, self.a = b, a


def test_attrs_objects_keep_the_order_of_their_fields() -> None:
    value = Attrs(b=[1, 2], a=3)
    assert nest.is_nested(value)
    assert nest.flatten(value) == oracle.real_tf().nest.flatten(value) == [1, 2, 3]
    mapped = nest.map_structure(lambda x: x * 10, value)
    assert (mapped.b, mapped.a) == ([10, 20], 30)
    assert nest.flatten_with_tuple_paths(value) == [(("b", 0), 1), (("b", 1), 2), (("a",), 3)]
