"""Nodes of types that are not known here: the rest of the graph runs, and the error names all of them at once."""

from __future__ import annotations

import pytest

from tests.graph.files import T_FLOAT, graph_def
from tests.oracle import our_tf

FILE = f"""
node{{name:'x' op:'Placeholder' attr{{key:'dtype' value{{type:DT_FLOAT}}}}}}
node{{name:'a' op:'TheirKernel' input:'x' {T_FLOAT}}}
node{{name:'b' op:'TheirKernel' input:'x' {T_FLOAT}}}
node{{name:'c' op:'TheirReader'}}
node{{name:'y' op:'Neg' input:'a' {T_FLOAT}}}
node{{name:'z' op:'Neg' input:'x' {T_FLOAT}}}
node{{name:'w' op:'NoOp' input:'^c'}}
"""


def test_all_at_once_and_the_rest_runs() -> None:
    tf = our_tf()
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(graph_def(tf, FILE), name="")
        with pytest.raises(tf.errors.NotFoundError) as raised:
            session.run("y:0", {"x:0": 1.0})
        for part in (
            "node 'a' cannot run here", "TheirKernel: 'a' (needed by 'y'), 'b'", "TheirReader: 'c' (needed by 'w')"
        ):  # fmt: skip
            assert part in str(raised.value)
        assert session.run("z:0", {"x:0": 2.0}) == -2.0
        assert session.run("y:0", {"a:0": 3.0}) == -3.0
