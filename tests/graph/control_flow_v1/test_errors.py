"""Control flow that is none, in a stranger's file, is refused at once, by the node's name; nothing is recorded."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graph.files import FLOAT, PLACEHOLDER, T_FLOAT, message
from tests.oracle import our_tf

P = "node{name:'p' op:'Placeholder' attr{key:'dtype' value{type:DT_BOOL}}}"
FRAME = "attr{key:'frame_name' value{s:'f'}}"
TWO = "attr{key:'N' value{i:2}}"


def node(name: str, op: str, *inputs: str, more: str = "") -> str:
    """A node of floats, as text."""
    taken = " ".join(f"input:'{i}'" for i in inputs)
    return f"node{{name:'{name}' op:'{op}' {taken} {T_FLOAT if op != 'LoopCond' else ''} {more}}}"


def loop(**parts: str) -> str:
    """A loop that squares once, with parts replaced by others or left out."""
    whole = {
        "enter": node("enter", "Enter", "a", more=FRAME),
        "merge": node("merge", "Merge", "enter", "next", more=TWO),
        "less": f"node{{name:'less' op:'Less' input:'merge' input:'top' {T_FLOAT}}}",
        "top": f"node{{name:'top' op:'Const' input:'^merge' {FLOAT} "
        "attr{key:'value' value{tensor{dtype:DT_FLOAT tensor_shape{} float_val:9}}}}",
        "condition": node("condition", "LoopCond", "less"),
        "switch": node("switch", "Switch", "merge", "condition"),
        "square": node("square", "Square", "switch:1"),
        "next": node("next", "NextIteration", "square"),
        "exit": node("exit", "Exit", "switch"),
        **parts,
    }
    return PLACEHOLDER.replace("op:'Placeholder'", "op:'Placeholder' attr{key:'shape' value{shape{}}}") + "".join(
        whole.values()
    )


CASES = {
    "merge of two living values": (
        PLACEHOLDER + node("b", "Neg", "a") + node("m", "Merge", "a", "b", more=TWO), r"'m' \(Merge\)"),
    "merge of one side": (
        PLACEHOLDER + P + node("s", "Switch", "a", "p") + node("m", "Merge", "s", "s", more=TWO), r"'m' \(Merge\)"),
    "merge of different switches": (
        PLACEHOLDER + P + P.replace("'p'", "'q'") + node("s", "Switch", "a", "p") + node("t", "Switch", "a", "q")
        + node("m", "Merge", "s", "t:1", more=TWO), r"'m' \(Merge\)"),
    "both sides of one switch": (
        PLACEHOLDER + P + node("s", "Switch", "a", "p") + node("n", "Add", "s", "s:1"), r"'n' \(Add\) can never run"),
    "an exit without a loop": (PLACEHOLDER + node("e", "Exit", "a"), r"'e' \(Exit\)"),
    "a step without a loop": (PLACEHOLDER + node("e", "NextIteration", "a"), r"'e' \(NextIteration\)"),
    "a condition without a loop": (P + node("c", "LoopCond", "p"), r"'c' \(LoopCond\)"),
    "no condition": (loop(condition="", switch="", exit="", square=node("square", "Square", "merge")), "'enter'"),
    "a step that gives to nothing": (loop(more=node("lost", "NextIteration", "switch:1")), r"'lost' \(NextIter"),
    "inputs of different frames": (loop(square=node("square", "Mul", "switch:1", "a")), "square.*different frames"),
    "a control edge out of a loop": (loop(more=node("out", "Neg", "a", more="input:'^square'")), "'out' has inputs"),
    "a cycle": (PLACEHOLDER + P + node("s", "Switch", "n", "p") + node("n", "Neg", "s"), "cycle.*'n' \\(Neg\\)"),
    "two conditions": (loop(more=node("again", "LoopCond", "less")), "another condition"),
    "a switch with one input": (PLACEHOLDER + node("s", "Switch", "a"), r"'s' \(Switch\) has 1 inputs"),
    "a handle from nowhere": (
        PLACEHOLDER + P + node("s", "Switch", "a", "p") + "node{name:'h' op:'Placeholder' attr{key:'dtype' "
        "value{type:DT_RESOURCE}}}" + "node{name:'pop' op:'StackPopV2' input:'h' attr{key:'elem_type' value{type:"
        "DT_FLOAT}}}", r"'pop' \(StackPopV2\)"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_refused(name: str) -> None:
    text, match = CASES[name]
    tf: Any = our_tf()
    with tf.Graph().as_default() as graph:
        with pytest.raises((tf.errors.InvalidArgumentError, ValueError), match=match):
            tf.import_graph_def(message(tf, "GraphDef", text), name="")
        assert not graph.get_operations()


def test_the_loop_itself_runs() -> None:
    tf: Any = our_tf()
    with tf.Graph().as_default():
        tf.import_graph_def(message(tf, "GraphDef", loop()), name="")
        with tf.Session() as sess:
            assert [sess.run("exit:0", {"a:0": a}) for a in (2.0, 9.0, 2.9)] == [16.0, 9.0, pytest.approx(70.7281)]
