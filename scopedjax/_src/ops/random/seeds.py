"""From the graph's seed and an op's seed to the two numbers that name its random stream.

TensorFlow 1 has two seeds, and a random node carries both as attributes:

    tf.set_random_seed(g)   seed=s of the op        attributes (seed, seed2)
    not called              not given               (0, 0): the session draws both anew, every session differs
    not called              s                       (87654321, s)
    g                       s                       (g, s)
    g                       not given               (g, number), the number taken from the graph, see below

each seed modulo 2**31 - 1, and (0, 0), which would mean "draw anew", replaced by (0, 2**31 - 1).

The number of an unseeded op under a graph seed is what makes `tf.set_random_seed(1)` enough to repeat a run, and it
changed between versions. TensorFlow 2's `compat.v1` counts those ops of the graph: 0, 1, 2, ... TensorFlow 1 up to 1.15
took the number of nodes recorded so far, of any type. The first survives edits of the graph elsewhere and can be
checked against a TensorFlow that still installs, so it is the default here; the second repeats runs that were
published then.
"""

from __future__ import annotations

import secrets

__all__ = ["DEFAULT_GRAPH_SEED", "is_drawn_anew", "node_seeds", "random_seeds"]

DEFAULT_GRAPH_SEED = 87654321

_MODULUS = 2**31 - 1


def node_seeds(
    graph_seed: int | None, op_seed: int | None, number: int, default_graph_seed: int = DEFAULT_GRAPH_SEED
) -> tuple[int | None, int | None]:
    """Derives the attributes `(seed, seed2)` of a random node.

    Args:
      graph_seed: What `tf.set_random_seed` set, or None.
      op_seed: The op's argument `seed`, or None.
      number: What stands in for a missing op seed under a graph seed. By TensorFlow 2's rule (the default) how many
        times the graph has given such a number before; by TensorFlow 1.15's rule how many nodes the graph has.
      default_graph_seed: What stands in for a missing graph seed.

    Returns:
      `(seed, seed2)`, both in `[0, 2**31 - 1]`; `(None, None)` when neither seed is given (the node then carries
      zeros). `number` has been used, and the graph's count must go up, exactly when `graph_seed` is given and
      `op_seed` is None.

    >>> node_seeds(None, 7, 0)
    (87654321, 7)
    >>> node_seeds(1, None, 2)
    (1, 2)
    >>> node_seeds(0, 0, 5)
    (0, 2147483647)
    >>> node_seeds(None, None, 0)
    (None, None)
    """
    if graph_seed is None:
        if op_seed is None:
            return None, None
        graph_seed = default_graph_seed
    elif op_seed is None:
        op_seed = number
    seeds = graph_seed % _MODULUS, op_seed % _MODULUS
    return (0, _MODULUS) if seeds == (0, 0) else seeds


def is_drawn_anew(seed: int, seed2: int) -> bool:
    """Whether a node with these attributes gets new seeds in every session."""
    return seed == 0 and seed2 == 0


def random_seeds() -> tuple[int, int]:
    """Draws the seeds of an unseeded node when a session first meets it: two numbers below 2**64, from the system."""
    return secrets.randbits(64), secrets.randbits(64)
