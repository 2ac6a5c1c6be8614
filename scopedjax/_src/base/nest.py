"""Nested structures: lists, tuples, namedtuples, dicts and attrs objects with anything else as leaves (`tf.nest`).

RNN states, dataset elements and loop variables travel as such structures. `flatten` gives the leaves in a fixed order,
`pack_sequence_as` puts them back:

    {"b": [1, 2], "a": 3}   flatten ->   [3, 1, 2]        the keys of a dict sorted, everything else in its own order
    [30, 10, 20]   pack_sequence_as ->   {"b": [10, 20], "a": 30}

Leaves are all other values: text, arrays, tensors, sets, `TensorShape`s, `None`. Two structures are the same when
their containers are: a namedtuple agrees with one of the same name and fields, any mapping with any mapping of the
same keys.

An object that stands for several tensors (a `SparseTensor`) is a leaf, unless `expand_composites=True` is given: then
the methods `_composite_parts()` and `_composite_like(parts)` of its class take it apart and put it together.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterator, Mapping, MappingView, Sequence
from typing import Any, cast

_TEXT = (str, bytes)


def is_nested(seq: object) -> bool:
    """Whether `seq` is a container in the sense of this module.

    >>> tf.nest.is_nested([1]), tf.nest.is_nested({}), tf.nest.is_nested("ab")
    (True, True, False)
    """
    if isinstance(seq, (list, tuple, dict)):
        return True
    if isinstance(seq, _TEXT):
        return False
    return isinstance(seq, (Mapping, MappingView, Sequence)) or _is_attrs(seq)


# The name that TF 1.15 has in contrib.framework.nest.
is_sequence = is_nested


def _is_attrs(value: object) -> bool:
    return hasattr(type(value), "__attrs_attrs__")


def _is_namedtuple(value: object) -> bool:
    return isinstance(value, tuple) and hasattr(type(value), "_fields")


def _is_composite(value: object) -> bool:
    return hasattr(type(value), "_composite_parts")


def _opens(value: object, expand_composites: bool) -> bool:
    return is_nested(value) or (expand_composites and _is_composite(value))


def _sorted_keys(mapping: Mapping[Any, Any]) -> list[Any]:
    try:
        return sorted(mapping)
    except TypeError as error:
        raise TypeError(f"nest only supports dicts with sortable keys. {error}") from None


def _items(value: Any) -> list[tuple[Any, Any]]:
    """The (key, child) pairs of a container in the order of `flatten`."""
    if isinstance(value, Mapping):
        mapping = cast("Mapping[Any, Any]", value)
        return [(key, mapping[key]) for key in _sorted_keys(mapping)]
    if _is_attrs(value):
        return [(field.name, getattr(value, field.name)) for field in type(value).__attrs_attrs__]
    if _is_namedtuple(value):
        return list(zip(type(value)._fields, value, strict=True))
    if _is_composite(value):
        return list(enumerate(value._composite_parts()))
    return list(enumerate(value))


def _children(value: Any) -> list[Any]:
    if type(value) in (list, tuple):
        return list(value)
    return [child for _, child in _items(value)]


def _like(value: Any, children: list[Any]) -> Any:
    """A container of the same kind as `value`, with other children in the order of `flatten`."""
    kind = type(value)
    if kind is list:
        return children
    if kind is tuple:
        return tuple(children)
    if isinstance(value, Mapping):
        mapping = cast("Mapping[Any, Any]", value)
        packed = dict(zip(_sorted_keys(mapping), children, strict=True))
        pairs = {key: packed[key] for key in mapping}
        if isinstance(value, collections.defaultdict):
            return kind(cast("collections.defaultdict[Any, Any]", value).default_factory, pairs)
        return kind(pairs)
    if _is_namedtuple(value) or _is_attrs(value):
        return kind(*children)
    if _is_composite(value):
        return value._composite_like(children)
    if isinstance(value, (MappingView, range)):
        return children
    return kind(children)


def flatten(structure: object, expand_composites: bool = False) -> list[Any]:
    """The leaves of a nested structure.

    Args:
      structure: Nested structure, or a single leaf.
      expand_composites: Take composite tensors apart too.

    Returns:
      List of leaves: depth first, dicts in the order of their sorted keys. `[structure]` for a leaf.

    Raises:
      TypeError: The keys of a dict cannot be sorted.

    >>> tf.nest.flatten({"b": [1, (2,)], "a": 3})
    [3, 1, 2]
    """
    leaves: list[Any] = []
    _collect(structure, expand_composites, leaves)
    return leaves


def _collect(structure: Any, expand_composites: bool, leaves: list[Any]) -> None:
    if not _opens(structure, expand_composites):
        leaves.append(structure)
        return
    for child in _children(structure):
        _collect(child, expand_composites, leaves)


def _transform(structure: Any, leaf: Callable[[Any], Any], expand_composites: bool) -> Any:
    """The structure with `leaf(x)` in place of every leaf `x`, called in the order of `flatten`."""
    if not _opens(structure, expand_composites):
        return leaf(structure)
    return _like(structure, [_transform(child, leaf, expand_composites) for child in _children(structure)])


def pack_sequence_as(structure: Any, flat_sequence: Any, expand_composites: bool = False) -> Any:
    """A structure like `structure` with the leaves of `flat_sequence`; the reverse of `flatten`.

    Args:
      structure: Nested structure whose containers are wanted, or a leaf.
      flat_sequence: As many leaves as `structure` has.
      expand_composites: Put composite tensors together too.

    Returns:
      The packed structure.

    Raises:
      TypeError: `flat_sequence` is not a sequence.
      ValueError: It has another number of leaves.

    >>> tf.nest.pack_sequence_as({"b": [0, 0], "a": 0}, [1, 2, 3])
    {'b': [2, 3], 'a': 1}
    """
    if not is_nested(flat_sequence):
        raise TypeError(
            f"Attempted to pack value:\n  {flat_sequence}\ninto a structure, but found incompatible type "
            f"`{type(flat_sequence)}` instead: the leaves must come as a list."
        )
    if not _opens(structure, expand_composites):
        if len(flat_sequence) != 1:
            raise ValueError(
                f"The target structure is of type `{type(structure)}`\n  {structure}\nHowever the input is a sequence "
                f"({type(flat_sequence)}) of length {len(flat_sequence)}.\n  {flat_sequence}\nA single leaf takes one."
            )
        return flat_sequence[0]
    count = len(flatten(structure, expand_composites))
    if count != len(flat_sequence):
        raise ValueError(
            f"Could not pack sequence. Structure had {count} atoms, but flat_sequence had {len(flat_sequence)} items.  "
            f"Structure: {structure}, flat_sequence: {flat_sequence}."
        )
    leaves = iter([flat_sequence[i] for i in range(count)])
    return _transform(structure, lambda _: next(leaves), expand_composites)


def map_structure(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """Applies `func` leaf by leaf to structures of the same form.

    Args:
      func: Takes one leaf of each structure.
      *structure: The structures.
      **kwargs: `check_types` (default True): containers must agree in type; `expand_composites` (default False).

    Returns:
      A structure like the first one, with the results as leaves.

    Raises:
      TypeError: `func` is not callable, or two structures differ in the types of their containers.
      ValueError: No structure is given, two of them differ in form, or a keyword is unknown.

    >>> tf.nest.map_structure(lambda x, y: x + y, {"a": [1, 2]}, {"a": [10, 20]})
    {'a': [11, 22]}
    """
    if not callable(func):
        raise TypeError(f"func must be callable, got: {func}")
    if not structure:
        raise ValueError("Must provide at least one structure")
    check_types, expand_composites = kwargs.pop("check_types", True), kwargs.pop("expand_composites", False)
    if kwargs:
        raise ValueError(
            "Only valid keyword arguments are `check_types` and `expand_composites`, not: "
            + ", ".join([f"`{name}`" for name in kwargs])
        )
    if len(structure) == 1:
        return _transform(structure[0], func, expand_composites)
    for other in structure[1:]:
        assert_same_structure(structure[0], other, check_types, expand_composites)
    rows = zip(*[flatten(s, expand_composites) for s in structure], strict=True)
    return pack_sequence_as(structure[0], [func(*row) for row in rows], expand_composites)


# ---------------------------------------------------------------------------------------------------- comparison


class _Difference(Exception):
    """Found while two structures are compared: the type of error to raise and what differs."""

    def __init__(self, error: type[Exception], detail: str) -> None:
        super().__init__(detail)
        self.error = error


class _Dot:
    def __repr__(self) -> str:
        return "."


def _shown(value: object) -> str:
    return f"type={type(value).__name__} str={value}"


def assert_same_structure(nest1: Any, nest2: Any, check_types: bool = True, expand_composites: bool = False) -> None:
    """Raises unless two structures have the same containers; the leaves may differ.

    Args:
      nest1: Nested structure or leaf.
      nest2: Nested structure or leaf.
      check_types: Containers must agree in type as well (a list is no tuple; any mapping agrees with any mapping of the
        same keys, a namedtuple with one of the same name and fields).
      expand_composites: Look into composite tensors.

    Raises:
      ValueError: They differ in the number of elements or in where containers are, or two mappings in their keys.
      TypeError: `check_types`, and two containers differ in type.

    >>> tf.nest.assert_same_structure({"a": [1]}, {"a": ["x"]})
    >>> tf.nest.assert_same_structure([1], (1,))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    TypeError: The two structures don't have the same nested structure...
    """
    try:
        _compare(nest1, nest2, check_types, expand_composites)
    except _Difference as difference:
        dots = [str(_transform(nest, lambda _: _Dot(), expand_composites)) for nest in (nest1, nest2)]
        raise difference.error(
            f"The two structures don't have the same nested structure.\n\nFirst structure: {_shown(nest1)}\n\n"
            f"Second structure: {_shown(nest2)}\n\nMore specifically: {difference}\n"
            f"Entire first structure:\n{dots[0]}\nEntire second structure:\n{dots[1]}"
        ) from None


def _compare(a: Any, b: Any, check_types: bool, expand_composites: bool) -> None:
    opens = _opens(a, expand_composites)
    if opens != _opens(b, expand_composites):
        container, leaf = (a, b) if opens else (b, a)
        raise _Difference(
            ValueError,
            f'Substructure "{_shown(container)}" is a sequence, while substructure "{_shown(leaf)}" is not',
        )
    if not opens:
        return
    if check_types:
        _compare_types(a, b)
    first, second = _children(a), _children(b)
    for x, y in zip(first, second, strict=False):
        _compare(x, y, check_types, expand_composites)
    if len(first) != len(second):
        raise _Difference(
            ValueError,
            "The two structures don't have the same number of elements. "
            f"First structure: {_shown(a)}. Second structure: {_shown(b)}",
        )


def _compare_types(a: Any, b: Any) -> None:
    if not _same_type(a, b):
        raise _Difference(
            TypeError,
            f"The two structures don't have the same sequence type. First structure {_shown(a)} has type "
            f"{type(a).__name__}, while second structure {_shown(b)} has type {type(b).__name__}",
        )
    if isinstance(a, Mapping) and set(cast("Mapping[Any, Any]", a)) != set(b):
        raise _Difference(
            ValueError,
            "The two dictionaries don't have the same set of keys. First structure has keys "
            f"{_shown(list(cast('Mapping[Any, Any]', a)))}, while second structure has keys {_shown(list(b))}",
        )


def _same_type(a: Any, b: Any) -> bool:
    if type(a) is type(b):
        return True
    if _is_namedtuple(a) and _is_namedtuple(b):
        # A namedtuple made twice by the same call is the same to a program.
        return type(a).__name__ == type(b).__name__ and type(a)._fields == type(b)._fields
    return isinstance(a, Mapping) and isinstance(b, Mapping)


# ------------------------------------------------------------------------------------------- shallow structures


def assert_shallow_structure(
    shallow_tree: Any, input_tree: Any, check_types: bool = True, expand_composites: bool = False
) -> None:
    """Raises unless `input_tree` has the containers of `shallow_tree`, and whatever it likes below its leaves.

    Args:
      shallow_tree: The upper part of the structure.
      input_tree: The structure to check.
      check_types: Containers must agree in type too.
      expand_composites: Look into composite tensors.

    Raises:
      TypeError: `input_tree` has a leaf or a container of another type where `shallow_tree` has a container.
      ValueError: Two containers differ in length or keys.
    """
    if not _opens(shallow_tree, expand_composites):
        return
    if not _opens(input_tree, expand_composites):
        raise TypeError(
            f"If shallow structure is a sequence, input must also be a sequence. Input has type: {type(input_tree)}."
        )
    if check_types and not _same_type(shallow_tree, input_tree):
        raise TypeError(
            "The two structures don't have the same sequence type. Input structure has type "
            f"{type(input_tree)}, while shallow structure has type {type(shallow_tree)}."
        )
    shallow, deep = _items(shallow_tree), _items(input_tree)
    if len(shallow) != len(deep):
        raise ValueError(
            "The two structures don't have the same sequence length. Input structure has length "
            f"{len(deep)}, while shallow structure has length {len(shallow)}."
        )
    if isinstance(shallow_tree, Mapping):
        known = {key for key, _ in deep}
        missing = [key for key, _ in shallow if key not in known]
        if missing:
            raise ValueError(
                "The shallow_tree's keys are not a subset of the input_tree's keys. The shallow_tree has the following "
                f"keys that are not in the input_tree: {missing}."
            )
    for (_, branch), (_, inputs) in zip(shallow, deep, strict=True):
        assert_shallow_structure(branch, inputs, check_types, expand_composites)


def flatten_up_to(
    shallow_tree: Any, input_tree: Any, check_types: bool = True, expand_composites: bool = False
) -> list[Any]:
    """The parts of `input_tree` that stand where `shallow_tree` has its leaves.

    Args:
      shallow_tree: The upper part of the structure.
      input_tree: A structure that begins like it.
      check_types: Containers must agree in type too.
      expand_composites: Look into composite tensors.

    Returns:
      List of sub-structures.

    Raises:
      TypeError: See `assert_shallow_structure`.
      ValueError: See `assert_shallow_structure`.
    """
    assert_shallow_structure(shallow_tree, input_tree, check_types, expand_composites)
    return [part for _, part in _yield_up_to(shallow_tree, input_tree, expand_composites, ())]


def _yield_up_to(
    shallow: Any, deep: Any, expand_composites: bool, path: tuple[Any, ...]
) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if not _opens(shallow, expand_composites):
        yield path, deep
        return
    for (key, branch), (_, inputs) in zip(_items(shallow), _items(deep), strict=True):
        yield from _yield_up_to(branch, inputs, expand_composites, (*path, key))


def map_structure_up_to(shallow_tree: Any, func: Callable[..., Any], *inputs: Any, **kwargs: Any) -> Any:
    """Applies `func` to the parts of the inputs that stand where `shallow_tree` has its leaves.

    Args:
      shallow_tree: The upper part that the inputs share.
      func: Takes one part of each input.
      *inputs: The structures.
      **kwargs: `check_types` (default True), `expand_composites` (default False); all others go to `func`.

    Returns:
      A structure like `shallow_tree` with the results as leaves.

    Raises:
      TypeError: See `assert_shallow_structure`.
      ValueError: No inputs, or see `assert_shallow_structure`.
    """
    if not inputs:
        raise ValueError("Cannot map over no sequences")
    check_types, expand_composites = kwargs.pop("check_types", True), kwargs.pop("expand_composites", False)
    parts = [flatten_up_to(shallow_tree, tree, check_types, expand_composites) for tree in inputs]
    return pack_sequence_as(shallow_tree, [func(*row, **kwargs) for row in zip(*parts, strict=True)], expand_composites)


def get_traverse_shallow_structure(traverse_fn: Callable[[Any], Any], structure: Any) -> Any:
    """A shallow structure of bools: where `traverse_fn` wants to look into `structure`.

    Args:
      traverse_fn: Takes a sub-structure; returns a bool, or a shallow structure of bools for what is inside it.
      structure: The structure.

    Returns:
      The shallow structure; `False` where `traverse_fn` stopped.

    Raises:
      TypeError: `traverse_fn` returned neither.
    """
    answer = traverse_fn(structure)
    if not is_nested(structure):
        if not isinstance(answer, bool):
            raise TypeError(f"traverse_fn returned structure: {answer} for non-structure: {structure}")
        return answer
    if isinstance(answer, bool):
        if not answer:
            return False
        return _like(structure, [get_traverse_shallow_structure(traverse_fn, child) for child in _children(structure)])

    def descend(wanted: Any, branch: Any) -> Any:
        if not isinstance(wanted, bool):
            raise TypeError(f"traverse_fn didn't return a depth=1 structure of bools. It returned: {answer}")
        return get_traverse_shallow_structure(traverse_fn, branch) if wanted else False

    return map_structure_up_to(answer, descend, answer, structure)


# ---------------------------------------------------------------------------------------------------- with paths


def flatten_with_tuple_paths(structure: Any, expand_composites: bool = False) -> list[tuple[tuple[Any, ...], Any]]:
    """The leaves with the keys and indices that lead to them: `[((1, "a"), 2), ...]`."""
    return list(_yield_up_to(structure, structure, expand_composites, ()))


def flatten_with_joined_string_paths(
    structure: Any, separator: str = "/", expand_composites: bool = False
) -> list[tuple[str, Any]]:
    """The leaves with their paths as text: `[("1/a", 2), ...]`."""
    pairs = flatten_with_tuple_paths(structure, expand_composites)
    return [(separator.join([str(key) for key in path]), leaf) for path, leaf in pairs]


def map_structure_with_tuple_paths(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """Like `map_structure`, with the path of the leaf (a tuple) as the first argument of `func`."""
    if not structure:
        raise ValueError("Cannot map over no sequences")
    check_types, expand_composites = kwargs.pop("check_types", True), kwargs.pop("expand_composites", False)
    for other in structure[1:]:
        assert_same_structure(structure[0], other, check_types, expand_composites)
    paths = [path for path, _ in flatten_with_tuple_paths(structure[0], expand_composites)]
    rows = zip(paths, *[flatten(s, expand_composites) for s in structure], strict=True)
    return pack_sequence_as(structure[0], [func(*row, **kwargs) for row in rows], expand_composites)


def map_structure_with_paths(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """Like `map_structure`, with the path of the leaf (text, joined by "/") as the first argument of `func`."""

    def with_text(path: tuple[Any, ...], *leaves: Any, **options: Any) -> Any:
        return func("/".join([str(key) for key in path]), *leaves, **options)

    return map_structure_with_tuple_paths(with_text, *structure, **kwargs)


# -------------------------------------------------------------------------------------------------------- dicts


def flatten_dict_items(dictionary: Any) -> dict[Any, Any]:
    """Takes apart the nested keys of a dict together with its values.

    Args:
      dictionary: Dict whose keys may be nested structures, with values of the same form.

    Returns:
      Dict with simple keys; the value of a simple key stays as it is.

    Raises:
      TypeError: `dictionary` is not a dict.
      ValueError: A key and its value differ in form, or a key comes twice.

    >>> from scopedjax._src.base import nest
    >>> nest.flatten_dict_items({(4, (5, 6)): ("a", ("b", "c"))})
    {4: 'a', 5: 'b', 6: 'c'}
    """
    if not isinstance(dictionary, Mapping):
        raise TypeError(f"input must be a dictionary, not '{type(dictionary).__name__}'.")
    flat: dict[Any, Any] = {}
    for key, value in cast("Mapping[Any, Any]", dictionary).items():
        for flat_key, flat_value in _paired(key, value):
            if flat_key in flat:
                raise ValueError(f"Cannot flatten dict because this key is not unique: {flat_key}")
            flat[flat_key] = flat_value
    return flat


def _paired(key: Any, value: Any) -> list[tuple[Any, Any]]:
    if not is_nested(key):
        return [(key, value)]
    keys, values = flatten(key), flatten(value)
    if len(keys) != len(values):
        raise ValueError(
            f"Could not flatten dictionary. Key had {len(keys)} elements, but value had {len(values)} elements. "
            f"Key: {keys}, value: {values}."
        )
    return list(zip(keys, values, strict=True))
