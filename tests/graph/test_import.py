"""`tf.import_graph_def` against real TensorFlow: names, order, scopes, maps, returned elements, errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.graph.files import FLOAT, PLACEHOLDER, T_FLOAT, graph_def, nodes, plain
from tests.oracle import Raised, both, check_both, check_both_raise

pytestmark = pytest.mark.oracle

# a placeholder, a constant, a control edge, a device, a colocation, a second output
TWOS = "attr{key:'value' value{tensor{dtype:DT_FLOAT tensor_shape{dim{size:2}} float_val:2}}}"
BESIDE = "attr{key:'_class' value{list{s:'loc:@m'}}}"
NET = (
    PLACEHOLDER
    + f"""
node{{name:'b' op:'Const' {FLOAT} {TWOS}}}
node{{name:'z' op:'NoOp'}}
node{{name:'B_1' op:'NoOp' input:'^z'}}
node{{name:'m' op:'Mul' input:'a' input:'b' input:'^z' input:'^B_1' device:'/device:GPU:0' {T_FLOAT}}}
node{{name:'s' op:'Unpack' input:'b' {T_FLOAT} attr{{key:'num' value{{i:2}}}} {BESIDE}}}
node{{name:'u/v' op:'AddV2' input:'s:1' input:'s' {T_FLOAT} {BESIDE}}}
"""
)
X = f"node{{name:'x' op:'Identity' input:'a' {T_FLOAT}}}"


def load(tf: Any, text: str, **options: Any) -> Any:
    """Imports a GraphDef; returns (returned elements, all nodes)."""
    found = tf.import_graph_def(graph_def(tf, text), **options)
    return plain(found), nodes(tf.get_default_graph())


CASES: dict[str, Callable[[Any], Any]] = {
    "default name": lambda tf: load(tf, NET),
    "no name": lambda tf: load(tf, NET, name=""),
    "a name": lambda tf: load(tf, NET, name="net", return_elements=["m", "u/v:0", "s:1", "z"]),
    "twice": lambda tf: (load(tf, NET), load(tf, NET)),
    "twice without a name": lambda tf: (load(tf, NET, name=""), load(tf, NET, name="")),
    "an open scope again": lambda tf: (load(tf, NET, name="net/"), load(tf, NET, name="net/")),
    "forward references": lambda tf: load(
        tf,
        "node{name:'q' op:'NoOp'} node{name:'y' op:'NoOp' input:'^x'}"
        + X
        + PLACEHOLDER
        + "node{name:'w' op:'NoOp'}"
        + X.replace("'x'", "'w2'"),
    ),
    "explicit :0": lambda tf: load(tf, PLACEHOLDER + X.replace("input:'a'", "input:'a:0'")),
    "repeated control inputs": lambda tf: load(
        tf, PLACEHOLDER + X.replace("input:'a'", "input:'a' input:'^a' input:'^a'")
    ),
    "defaults": lambda tf: (
        load(tf, PLACEHOLDER),
        plain(tf.get_default_graph().get_operation_by_name("import/a").node_def),
    ),
    "a node below another": lambda tf: load(tf, PLACEHOLDER + "node{name:'a/b' op:'NoOp'}"),
    "return a mapped tensor": lambda tf: load(
        tf, NET, input_map={"a": tf.placeholder(tf.float32, [3, 2], name="x")}, return_elements=["a:0", "a", "m:0"]
    ),
    "map by full name": lambda tf: load(tf, NET, input_map={"a:0": tf.placeholder(tf.float32, [3, 2], name="x")}),
    "map a second output": lambda tf: load(tf, NET, input_map={"s:1": tf.placeholder(tf.float32, [], name="x")}),
    "map a control input": lambda tf: load(tf, NET, input_map={"^z": tf.placeholder(tf.float32, [], name="x")}),
    "map an array": lambda tf: load(tf, NET, input_map={"a": np.ones((2, 2), np.float32)}),
    "map what nothing uses": lambda tf: load(tf, NET, input_map={"u/v:0": tf.placeholder(tf.float32, name="x")}),
    "map a node that is not there": lambda tf: load(tf, X, input_map={"a": tf.placeholder(tf.float32, [3], name="p")}),
    "shapes the writer knew": lambda tf: load(
        tf, PLACEHOLDER[:-1] + " attr{key:'_output_shapes' value{list{shape{dim{size:2}} shape{}}}}}" + X
    ),
    "colocated with itself": lambda tf: load(
        tf, PLACEHOLDER + X[:-1] + " attr{key:'_class' value{list{s:'loc:@a' s:'loc:@x' s:'other'}}}}"
    ),
    "old versions": lambda tf: (
        load(tf, PLACEHOLDER + "versions{producer:27 min_consumer:12}"),
        plain(tf.get_default_graph().graph_def_versions),
    ),
    "a bytes name": lambda tf: load(tf, NET, return_elements=[b"m"]),
    "a string of names": lambda tf: load(tf, NET, return_elements="a"),
}


@pytest.mark.parametrize("case", CASES)
def test_same_as_tensorflow(case: str) -> None:
    check_both(CASES[case])


def test_names_that_are_taken() -> None:
    def body(tf: Any) -> Any:
        for name in ("A", "m_1", "u/v/x", "Z"):
            tf.no_op(name=name)
        first = load(tf, NET, name="")
        tf.no_op(name="a")
        tf.no_op(name="m")
        return first, nodes(tf.get_default_graph())

    check_both(body)


def test_open_scopes() -> None:
    def body(tf: Any) -> Any:
        with tf.name_scope("s"), tf.control_dependencies([tf.no_op(name="k")]), tf.device("/job:w"):
            first = load(tf, NET, name="imp", return_elements=["m"])
        with tf.device(lambda op: "/cpu:3" if op.type == "NoOp" else op.device):
            second = load(
                tf, "node{name:'q' op:'NoOp' device:'/job:a'} node{name:'r' op:'Const' " + FLOAT + VALUE + "}"
            )
        tf.no_op(name="after")
        return first, second, nodes(tf.get_default_graph())

    check_both(body)


def test_devices_of_colocated_nodes() -> None:
    def node(name: str, device: str, *beside: str) -> str:
        groups = " ".join(f"s:'loc:@{b}'" for b in beside)
        return f"node{{name:'{name}' op:'NoOp' device:'{device}' attr{{key:'_class' value{{list{{{groups}}}}}}}}}"

    def body(tf: Any) -> Any:
        text = node("v", "/cpu:0", "v") + node("w", "/gpu:0", "v") + node("x", "", "w") + node("y", "/gpu:7", "x", "v")
        text += node("alone", "") + node("beside", "/gpu:0", "alone") + node("both", "/gpu:3", "alone", "v")
        with tf.device("/job:j"):
            load(tf, text)
        return load(tf, text)

    check_both(body)


VALUE = "attr{key:'value' value{tensor{dtype:DT_FLOAT float_val:2}}}"

ERRORS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "unknown input": (lambda tf: load(tf, X), "Node 'x': Unknown input node 'a'"),
    "unknown output": (
        lambda tf: load(tf, PLACEHOLDER + X.replace("input:'a'", "input:'a:1'")),
        "Node 'x': Connecting to invalid output 1 of source node a which has 1 outputs.",
    ),
    "unknown control": (
        lambda tf: load(tf, PLACEHOLDER + X.replace("input:'a'", "input:'a' input:'^q'")),
        "Node 'x': Unknown input node '^q'",
    ),
    "control first": (
        lambda tf: load(tf, PLACEHOLDER + X.replace("input:'a'", "input:'^a' input:'a'")),
        "Node 'x': Control dependencies must come after regular dependencies",
    ),
    "missing attr": (
        lambda tf: load(tf, PLACEHOLDER + X.replace(T_FLOAT, "")),
        "NodeDef missing attr 'T' from Op<name=Identity; signature=input:T -> output:T; attr=T:type",
    ),
    "missing attrs": (
        lambda tf: load(tf, "node{name:'c' op:'Const'}"),
        "NodeDef missing attrs 'dtype', 'value' from Op<",
    ),
    "attr of another kind": (
        lambda tf: load(tf, PLACEHOLDER + X.replace("type:DT_FLOAT", "i:3")),
        "AttrValue had value with type 'int' when 'type' expected",
    ),
    "attr without a value": (
        lambda tf: load(tf, PLACEHOLDER + X.replace("value{type:DT_FLOAT}", "value{}")),
        "AttrValue missing value with expected type 'type'",
    ),
    "another dtype": (
        lambda tf: load(tf, PLACEHOLDER + X.replace("DT_FLOAT", "DT_INT32")),
        "Input 0 of node import/x was passed float from import/a:0 incompatible with expected int32.",
    ),
    "a dtype that is not allowed": (
        lambda tf: load(
            tf, PLACEHOLDER.replace("FLOAT", "BOOL") + X.replace("FLOAT", "BOOL").replace("Identity", "Neg")
        ),
        "Value for attr 'T' of bool is not in the list of allowed values:",
    ),
    "too many inputs": (
        lambda tf: load(tf, PLACEHOLDER + X.replace("input:'a'", "input:'a' input:'a'")),
        "NodeDef expected inputs 'float' do not match 2 inputs specified;",
    ),
    "too few inputs": (
        lambda tf: load(tf, PLACEHOLDER + X.replace("input:'a'", "")),
        "NodeDef expected inputs 'float' do not match 0 inputs specified;",
    ),
    "no variable": (
        lambda tf: load(tf, PLACEHOLDER + f"node{{name:'s' op:'Assign' input:'a' input:'a' {T_FLOAT}}}"),
        "Input 0 of node import/s was passed float from import/a:0 incompatible with expected float_ref.",
    ),
    "the same name twice": (lambda tf: load(tf, PLACEHOLDER + PLACEHOLDER), "Node 'a' is not unique"),
    "a name with a space": (
        lambda tf: load(tf, "node{name:'a b' op:'NoOp'}"),
        "Node 'a b': Node name contains invalid characters",
    ),
    "a name with an underscore": (
        lambda tf: load(tf, "node{name:'_a' op:'NoOp'}"),
        "Node '_a': Node name contains invalid characters",
    ),
    "no node name": (lambda tf: load(tf, "node{op:'NoOp'}"), "Node '': Node name contains invalid characters"),
    "a cycle": (
        lambda tf: load(tf, X.replace("'a'", "'y'") + X.replace("'x'", "'y'").replace("'a'", "'x'")),
        "2 nodes in a cycle",
    ),
    "itself": (lambda tf: load(tf, X.replace("'a'", "'x'")), "1 nodes in a cycle"),
    "colocated with nothing": (
        lambda tf: load(tf, PLACEHOLDER + X[:-1] + " attr{key:'_class' value{list{s:'loc:@zz'}}}}"),
        "Node 'x' expects to be colocated with unknown node 'zz'",
    ),
    "wrong shapes": (
        lambda tf: load(
            tf,
            PLACEHOLDER[:-1]
            + "attr{key:'shape' value{shape{dim{size:3}}}} attr{key:'_output_shapes' value{list{shape{dim{size:2}}}}}}",
        ),
        "Node 'import/a' has an _output_shapes attribute inconsistent with the GraphDef for output #0:",
    ),
    "for a later reader": (
        lambda tf: load(tf, PLACEHOLDER + "versions{producer:99999 min_consumer:88888}"),
        "GraphDef min consumer version 88888 above current version",
    ),
    "map to nothing": (
        lambda tf: load(tf, NET, input_map={"nope:0": tf.constant(1.0)}),
        "Attempted to map inputs that were not found in graph_def: [nope:0]",
    ),
    "map a number": (lambda tf: load(tf, NET, input_map={1: tf.constant(1.0)}), "must be strings. Obtained keys: [1]"),
    "map a list": (lambda tf: load(tf, NET, input_map=[1]), "Argument `input_map` must be a dictionary. Obtained list"),
    "map without a name": (
        lambda tf: load(tf, NET, name="", input_map={"a": 1.0}),
        "tf.import_graph_def() requires a non-empty `name` if `input_map` contains non-Tensor values.",
    ),
    "map another dtype": (
        lambda tf: load(tf, NET, input_map={"a": tf.constant(1)}),
        "Input 0 of node import/m was passed int32 from Const:0 incompatible with expected float.",
    ),
    "map another shape": (lambda tf: load(tf, NET, input_map={"a": tf.zeros([3])}), "Dimensions must be equal"),
    "return nothing": (
        lambda tf: load(tf, NET, return_elements=["q"]),
        "Requested return node 'q' not found in graph def",
    ),
    "return no tensor": (
        lambda tf: load(tf, NET, return_elements=["q:0"]),
        "Requested return tensor 'q:0' not found in graph def",
    ),
    "return no output": (
        lambda tf: load(tf, NET, return_elements=["s:2"]),
        "Invalid return output 2 of node 's', which has 2 output(s)",
    ),
    "return a bad name": (lambda tf: load(tf, NET, return_elements=["a:x"]), "Cannot convert 'a:x' to a tensor name."),
    "return a number": (
        lambda tf: load(tf, NET, return_elements=[1]),
        "Argument `return_elements` must be a list of strings",
    ),
    "no graph": (lambda tf: tf.import_graph_def("x"), "Argument `graph_def` must be a GraphDef proto"),
    "a finalized graph": (
        lambda tf: (tf.get_default_graph().finalize(), load(tf, NET, name="")),
        "Graph is finalized and cannot be modified",
    ),
    "a bad scope": (lambda tf: load(tf, NET, name="a b"), "is not a valid"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors_are_tensorflows(case: str) -> None:
    body, phrase = ERRORS[case]
    check_both_raise(body, match=phrase)


@pytest.mark.parametrize("case", [c for c in ERRORS if c not in ("a finalized graph", "no graph")])
def test_nothing_is_left_of_a_failed_import(tf: Any, case: str) -> None:
    from tests.oracle import run_body

    def body(tf: Any) -> Any:
        tf.constant(1.0, name="before")
        version = tf.get_default_graph().version
        try:
            ERRORS[case][0](tf)
        except Exception:
            made = [
                n["name"]
                for n in nodes(tf.get_default_graph())
                if not n["name"].startswith(("before", "Const", "zeros"))
            ]
            left = len(tf.get_default_graph().get_operations()) == tf.get_default_graph().version
            with_name = tf.no_op(name="net_after")
            return made, left, with_name.name, version
        return "nothing was raised"

    ours = run_body(tf, body)
    assert not isinstance(ours, Raised), ours
    assert ours == ([], True, "net_after", 1)


def test_other_messages_of_tensorflow_are_taken(tf: Any) -> None:
    """A GraphDef of the real package (a file read with its classes) is as good as one of ours."""
    from tests.oracle import real_tf

    theirs = graph_def(real_tf(), NET)
    tf.import_graph_def(theirs, name="")
    assert [n["name"] for n in nodes(tf.get_default_graph())] == ["a", "b", "z", "B_1", "m", "s", "u/v"]


def test_attributes_of_a_newer_tensorflow(tf: Any) -> None:
    """TensorFlow logs an error and ignores them; one that is switched off is not worth a word."""
    newer = "attr{key:'%s' value{%s}}"
    load(tf, PLACEHOLDER + X[:-1] + newer % ("grad_a", "b:false") + newer % ("list", "list{}") + "}")
    with pytest.warns(UserWarning, match="NodeDef mentions attribute bogus which is not in the op definition"):
        load(tf, PLACEHOLDER + X[:-1] + newer % ("bogus", "i:3") + "}")
    theirs, ours = both(lambda tf: load(tf, PLACEHOLDER + X[:-1] + newer % ("grad_a", "b:false") + "}"))
    assert theirs == ours


def test_huge_numbers_of_a_stranger(tf: Any) -> None:
    """A number attribute may not make lists of its size."""
    unpack = f"node{{name:'s' op:'Unpack' input:'a' {T_FLOAT} attr{{key:'num' value{{i:%d}}}}}}"
    for number in (10**12, -1):
        with pytest.raises(ValueError, match="which is no number of tensors"):
            load(tf, PLACEHOLDER + unpack % number)
    with pytest.raises(ValueError, match="is used"):
        load(tf, "node{name:'q' op:'Mystery'}" + X.replace("'a'", "'q:999999999'"))


WHILE = f"""
node{{name:'a' op:'Const' {FLOAT} attr{{key:'value' value{{tensor{{dtype:DT_FLOAT float_val:2}}}}}}}}
node{{name:'enter' op:'Enter' input:'a' {T_FLOAT} attr{{key:'frame_name' value{{s:'f'}}}}}}
node{{name:'merge' op:'Merge' input:'enter' input:'next' {T_FLOAT} attr{{key:'N' value{{i:2}}}}}}
node{{name:'next' op:'NextIteration' input:'merge' {T_FLOAT}}}
"""


def test_loops_that_never_end_are_named(tf: Any) -> None:
    with pytest.raises(tf.OpError, match=r"'enter' \(Enter\): the loop 'f' never ends") as caught:
        load(tf, WHILE)
    assert type(caught.value).__name__ == "InvalidArgumentError"
    assert not tf.get_default_graph().get_operations()


# ------------------------------------------------------------------------------------------------------ unknown types

MYSTERY = f"node{{name:'q' op:'Mystery' input:'a' {T_FLOAT} attr{{key:'opt' value{{list{{i:1 i:2}}}}}}}}"


def test_unknown_types_are_kept(tf: Any) -> None:
    from scopedjax._src.ops.unknown import unknown_ops

    (y,) = tf.import_graph_def(
        graph_def(tf, PLACEHOLDER + MYSTERY + X.replace("'a'", "'q:1'")), name="", return_elements=["x:0"]
    )
    graph = tf.get_default_graph()
    q = graph.get_operation_by_name("q")
    assert unknown_ops(graph) == [q]
    assert [t.dtype for t in q.outputs] == [tf.float32, tf.float32]
    assert q.op_def is None
    assert q.get_attr("opt") == [1, 2]
    assert graph.as_graph_def().node[1] == graph_def(tf, PLACEHOLDER + MYSTERY).node[1]
    with tf.Session() as sess:
        assert sess.run(y, {q.outputs[1]: [3.0]}).tolist() == [3.0]
        with pytest.raises(tf.OpError, match="Op type not registered 'Mystery'") as caught:
            sess.run(y, {"a:0": [3.0]})
        assert type(caught.value).__name__ == "NotFoundError"


def test_unknown_types_with_their_definition(tf: Any) -> None:
    """The OpDefs that come with a file say how many outputs there are, of which dtypes."""
    from tests.graph.files import message_type

    text = """op{name:'Mystery' input_arg{name:'x' type_attr:'T'} output_arg{name:'y' type_attr:'T' number_attr:'N'}
        output_arg{name:'z' type:DT_INT64} attr{name:'T' type:'type'} attr{name:'N' type:'int' default_value{i:2}}
        attr{name:'opt' type:'list(int)'}}"""
    ops = message_type(tf, "OpList")()
    from google.protobuf import text_format

    text_format.Parse(text, ops)
    tf.import_graph_def(graph_def(tf, PLACEHOLDER + MYSTERY), name="", producer_op_list=ops)
    q = tf.get_default_graph().get_operation_by_name("q")
    assert [t.dtype for t in q.outputs] == [tf.float32, tf.float32, tf.int64]
    assert q.op_def == ops.op[0]
    with pytest.raises(ValueError, match="do not match 0 inputs specified; Op<name=Mystery"):
        tf.import_graph_def(graph_def(tf, MYSTERY.replace("input:'a'", "")), producer_op_list=ops)


def test_a_producers_defaults_are_dropped(tf: Any) -> None:
    from google.protobuf import text_format

    from tests.graph.files import message_type

    ops = message_type(tf, "OpList")()
    text_format.Parse("op{name:'Identity' attr{name:'new' type:'int' default_value{i:7}}}", ops)
    new = X[:-1] + "attr{key:'new' value{i:7}}}"
    tf.import_graph_def(graph_def(tf, PLACEHOLDER + new), name="", producer_op_list=ops)
    assert "new" not in tf.get_default_graph().get_operation_by_name("x").node_def.attr
