"""OpDefs: the signature of every declared type is TensorFlow's, since GraphDefs are to be exchanged."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from tests.graph.files import message, message_type, plain
from tests.oracle import COUNTS, real_tf

pytestmark = pytest.mark.oracle

# Types that TensorFlow does not have: sparse gradients of gathers, loops of recurrent networks, optax's own state.
OURS = {
    "CheckedLengths", "DistinctRows", "GatherGrad", "LoopBound", "OptaxInit", "OptaxUpdate", "RegionGradient",
    "ResourceOptaxUpdate", "Scan", "WhileLoop",
}  # fmt: skip
# Types that TensorFlow 1.15's contrib registers, and forms that it had of types which TensorFlow 2 has changed since.
OF_1_15 = {"GatherTree", "SparseFeatureCrossV2", "_FusedConv2D", "_FusedMatMul"}
# Attributes that TensorFlow 1 does not have, which say by default what TensorFlow 1 does.
NEWER = {"bad_indices_policy", "allowed_devices", "debug_name"}


def _their_op_def(name: str) -> Any:
    real_tf()
    return importlib.import_module("tensorflow.python.framework.op_def_registry").get(name)


def _problems(ours: Any, theirs: Any) -> list[str]:
    found: list[str] = []
    for side in ("input_arg", "output_arg"):
        for fields in ("name", "type", "type_attr", "number_attr", "type_list_attr", "is_ref"):
            mine = [getattr(a, fields) for a in getattr(ours, side)]
            real = [getattr(a, fields) for a in getattr(theirs, side)]
            if mine != real:
                found.append(f"{side}.{fields}: {real} there, {mine} here")
    mine_attrs, real_attrs = ({a.name: a for a in op.attr} for op in (ours, theirs))
    for name in sorted((set(mine_attrs) ^ set(real_attrs)) - NEWER):
        where = "there" if name in real_attrs else "here"
        found.append(f"attr {name}: only {where}")
    for name in sorted(set(mine_attrs) & set(real_attrs)):
        mine, real = mine_attrs[name], real_attrs[name]
        if mine.type != real.type:
            found.append(f"attr {name}: kind {real.type} there, {mine.type} here")
        mine_default, real_default = (a.default_value.SerializeToString(deterministic=True) for a in (mine, real))
        if mine_default != real_default:
            found.append(
                f"attr {name}: default {real.default_value} there, {mine.default_value} here".replace("\n", " ")
            )
        allowed = set(real.allowed_values.list.type)
        if allowed and not set(mine.allowed_values.list.type) <= allowed:
            found.append(
                f"attr {name}: allows {set(mine.allowed_values.list.type) - allowed}, which TensorFlow does not"
            )
    return found


def test_every_signature_is_tensorflows(tf: Any) -> None:
    from scopedjax._src.ops.registry import records

    problems: list[str] = []
    for name, record in sorted(records().items()):
        if name in OF_1_15:
            continue
        theirs = _their_op_def(name)
        if theirs is None:
            if name not in OURS:
                problems.append(f"{name}: TensorFlow has no such type")
            continue
        COUNTS["comparisons"] += 1
        found = _problems(record.op_def(), theirs)
        problems += [
            f"{name}: {p}"
            for p in found
            if "attr bad_color: default" not in p  # same bytes, other field
        ]
    assert not problems, "\n".join(problems)


def test_the_comparison_finds_differences(tf: Any) -> None:
    theirs = _their_op_def("MatMul")
    good = message_type(tf, "OpDef").FromString(theirs.SerializeToString())
    assert _problems(good, theirs) == []
    for change in (
        lambda op: op.input_arg.pop(),
        lambda op: op.attr.pop(),
        lambda op: setattr(op.attr[0], "type", "int"),
        lambda op: setattr(op.attr[0].default_value, "b", True),
        lambda op: setattr(op.input_arg[0], "is_ref", True),
    ):
        bad = message_type(tf, "OpDef").FromString(theirs.SerializeToString())
        change(bad)
        assert _problems(bad, theirs)


def test_op_def_of_a_node(tf: Any) -> None:
    op = tf.no_op(name="n")
    assert plain(op.op_def) == plain(_their_op_def("NoOp"))


@pytest.mark.parametrize(
    "name", ["MatMul", "ConcatV2", "Split", "Assign", "VariableV2", "Switch", "ParseExample", "QueueEnqueueV2"]
)
def test_signatures_come_back(tf: Any, name: str) -> None:
    """OpDef -> Signature -> OpDef, for types that are declared here and for others."""
    from scopedjax._src.ops.opdef import op_def, signature_of

    theirs = message_type(tf, "OpDef").FromString(_their_op_def(name).SerializeToString())
    signature, types = signature_of(theirs)
    assert _problems(op_def(signature, types, stateful=False), theirs) == []


@pytest.mark.parametrize("name", ["Identity", "MatMul", "ConcatV2", "Assign", "Cast", "VariableV2"])
def test_summaries_are_tensorflows(tf: Any, name: str) -> None:
    """The text in an error of TensorFlow, for a node without attributes."""
    from scopedjax._src.ops.opdef import summary
    from tests.graph.files import graph_def

    real = real_tf()
    theirs = _their_op_def(name)
    with real.Graph().as_default(), pytest.raises(ValueError) as caught:
        real.import_graph_def(graph_def(real, f"node{{name:'n' op:'{name}'}}"))
    mine = message_type(tf, "OpDef").FromString(theirs.SerializeToString())
    assert f" from {summary(mine)}; NodeDef: {{{{node import/n}}}}" in str(caught.value)


def test_stripped_op_list(tf: Any) -> None:
    from scopedjax._src.ops.opdef import stripped_op_list_for_graph

    graph = message(tf, "GraphDef", "node{op:'NoOp'} node{op:'Const'} node{op:'NoOp'} node{op:'Mystery'}")
    assert [op.name for op in stripped_op_list_for_graph(graph).op] == ["Const", "NoOp"]
    assert not stripped_op_list_for_graph(graph).op[0].description


def test_bad_definitions_of_a_stranger(tf: Any) -> None:
    from scopedjax._src.ops.opdef import signature_of

    for text in (
        "name:'Q' input_arg{name:'x' type_attr:'T'}",
        "name:'Q' input_arg{name:'x'}",
        "name:'Q' input_arg{name:'x' type:DT_INT4 number_attr:'T'} attr{name:'T' type:'type'}",
        "name:'Q' attr{name:'T' type:'type' default_value{i:3}}",
    ):
        with pytest.raises(ValueError, match="OpDef of 'Q'"):
            signature_of(message(tf, "OpDef", text))
