"""Candidate samplers: the classes that stand for all others in a sampled softmax or a noise-contrastive loss.

    true_classes [batch, num_true]  ->  sampled_candidates      [num_sampled]       one set for the whole batch
                                        true_expected_count     [batch, num_true]   how often each is expected there
                                        sampled_expected_count  [num_sampled]

All draw TensorFlow's numbers (see `kernels.candidates`). The uniform and the log-uniform sampler are compiled into the
step; those with weights of their own (`fixed_unigram`, `learned_unigram`) draw on the host, where true
classes that do not exist are
refused too.
"""

from __future__ import annotations

import functools
from collections import namedtuple
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from scopedjax._src.base.errors import InvalidArgumentError
from scopedjax._src.base.shapes import Dims
from scopedjax._src.ops.apply import apply_op
from scopedjax._src.ops.kernels import candidates
from scopedjax._src.ops.random.sampling import get_seed
from scopedjax._src.ops.registry import NO_GRADIENT, LoweringContext, declare, defop
from scopedjax._src.ops.shape_context import ShapeContext

Sampled = tuple[Any, Any, Any]

# ------------------------------------------------------------------------------------------------- records


def _positive(c: ShapeContext, *names: str) -> None:
    for name in names:
        if name in c.attrs and c.attr(name) < 1:
            raise ValueError(f"Attr '{name}' of '{c.record.type}' Op passed {c.attr(name)} less than minimum 1.")


def _sampler_dims(c: ShapeContext) -> list[Dims]:
    _positive(c, "num_true", "num_sampled", "range_max")
    rows = c.require_rank(0, 2)[0]
    return [(c.attr("num_sampled"),), (rows, c.attr("num_true")), (c.attr("num_sampled"),)]


def _check(ctx: LoweringContext, true_classes: Any, range_max: int) -> None:
    """What TF1 checks in the run.

    Raises:
      InvalidArgumentError: other than `num_true` columns, or more unique classes wanted than there are.
    """
    attrs = ctx.op.attrs
    if true_classes.ndim != 2:
        raise InvalidArgumentError(None, ctx.op, "true_classes must be a matrix")
    if true_classes.shape[1] != attrs["num_true"]:
        message = f"true_classes must have num_true columns, expected: {true_classes.shape[1]} was: {attrs['num_true']}"
        raise InvalidArgumentError(None, ctx.op, message)
    if attrs["unique"] and attrs["num_sampled"] > range_max:
        raise InvalidArgumentError(None, ctx.op, "Sampler's range is too small.")


def _row(ctx: LoweringContext) -> tuple[Any, Any, Any]:
    return ctx.random_row(candidates.BLOCKS_PER_SAMPLE * ctx.op.attrs["num_sampled"])


def _compiled(
    make: Callable[[int], candidates.Draw], chance: Callable[[Any, int], Any]
) -> Callable[[LoweringContext, Any], Sampled]:
    """The lowering of a sampler whose chances are a formula."""

    def lower(ctx: LoweringContext, true_classes: Any) -> Sampled:
        attrs = ctx.op.attrs
        count, range_max = attrs["num_sampled"], attrs["range_max"]
        _check(ctx, true_classes, range_max)
        sample = candidates.unique if attrs["unique"] else candidates.many
        found, tries = sample(make(range_max), _row(ctx), count)
        expected = functools.partial(candidates.expected_count, jnp, count=count, tries=tries)
        return found, expected(chance(jnp.asarray(true_classes), range_max)), expected(chance(found, range_max))

    return lower


def _same_chance(classes: Any, range_max: int) -> Any:
    return jnp.full(classes.shape, np.float32(1.0) / np.float32(range_max), jnp.float32)


def _log_uniform_chance(classes: Any, range_max: int) -> Any:
    ratio = (classes.astype(jnp.float64) + 2.0) / (classes.astype(jnp.float64) + 1.0)
    return (jnp.log(ratio) / np.log1p(range_max)).astype(jnp.float32)


_ATTRS = "num_true: int, num_sampled: int, unique: bool"
_SEEDS = "seed: int = 0, seed2: int = 0"
_RESULT = "sampled_candidates: int64, true_expected_count: float32, sampled_expected_count: float32"
_PROPERTIES: dict[str, Any] = {
    "shape": _sampler_dims,
    "rng": True,
    "stateful": True,
    "gradient": NO_GRADIENT,
}

declare(
    f"UniformCandidateSampler(true_classes: int64; {_ATTRS}, range_max: int, {_SEEDS}) -> {_RESULT}",
    _compiled(candidates.uniform_draw, _same_chance),
    **_PROPERTIES,
)
declare(
    f"LogUniformCandidateSampler(true_classes: int64; {_ATTRS}, range_max: int, {_SEEDS}) -> {_RESULT}",
    _compiled(candidates.log_uniform_draw, _log_uniform_chance),
    **_PROPERTIES,
)


@defop(f"AllCandidateSampler(true_classes: int64; {_ATTRS}, {_SEEDS}) -> {_RESULT}", **_PROPERTIES)
def _all_candidates(ctx: LoweringContext, true_classes: Any, *, num_sampled: int) -> Sampled:
    _check(ctx, true_classes, num_sampled)
    ctx.random_row(0)
    ones = functools.partial(jnp.ones, dtype=jnp.float32)
    return jnp.arange(num_sampled, dtype=jnp.int64), ones(true_classes.shape), ones((num_sampled,))


def _chances(weights: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The share of each class in the weights."""
    return weights[classes] / weights.sum(dtype=np.float32)


def _counted(ctx: LoweringContext, weights: np.ndarray, true_classes: Any, found: np.ndarray, tries: int) -> Sampled:
    for given in true_classes.reshape(-1).tolist():
        if not 0 <= given < len(weights):
            message = f"`true_candidate` out of range [0, {len(weights)}), received {given}"
            raise InvalidArgumentError(None, ctx.op, message)
    expected = functools.partial(candidates.expected_count, np, count=len(found), tries=tries)
    with np.errstate(divide="ignore"):
        return found, expected(_chances(weights, true_classes)), expected(_chances(weights, found))


def _fixed_weights(ctx: LoweringContext) -> np.ndarray:
    """The weights that the attributes of a fixed-unigram sampler give to its classes.

    Raises:
      InvalidArgumentError: neither a file nor weights, or another number of them than `range_max`.
    """
    attrs = ctx.op.attrs
    unigrams, file = attrs["unigrams"], attrs["vocab_file"]
    if bool(unigrams) == bool(file):
        raise InvalidArgumentError(None, ctx.op, "Must provide either vocab_file or unigrams.")
    if file:
        with open(file, encoding="utf-8") as lines:
            unigrams = [float(line.rsplit(",", 1)[-1]) for line in lines if line.strip()]
    first = attrs["num_reserved_ids"]
    kept = [w for i, w in enumerate(unigrams, first) if i % attrs["num_shards"] == attrs["shard"]]
    weights = np.power(np.asarray(kept, np.float32), np.float32(attrs["distortion"]))
    weights = np.concatenate([np.zeros(first, np.float32), weights])
    if len(weights) != attrs["range_max"]:
        message = f"range is {attrs['range_max']} must be equal to weights size  {len(weights)}"
        raise InvalidArgumentError(None, ctx.op, message)
    return weights


@defop(
    f"FixedUnigramCandidateSampler(true_classes: int64; {_ATTRS}, range_max: int, vocab_file: string = '', "
    "distortion: float = 1.0, num_reserved_ids: int = 0, num_shards: int = 1, shard: int = 0, "
    f"unigrams: list(float) = [], {_SEEDS}) -> {_RESULT}",
    host=True,
    **_PROPERTIES,
)
def _fixed_unigram(ctx: LoweringContext, true_classes: Any, *, num_sampled: int, unique: bool) -> Sampled:
    weights, table = _kept(ctx, lambda: _with_table(_fixed_weights(ctx)))
    _check(ctx, true_classes, len(weights))
    words = candidates.Words(_row(ctx))
    found, tries = candidates.draw_one_by_one(lambda: table.draw(words), num_sampled, unique)
    return _counted(ctx, weights, true_classes, found, tries)


def _with_table(weights: np.ndarray) -> tuple[np.ndarray, candidates.AliasTable]:
    return weights, candidates.AliasTable(weights)


def _kept(ctx: Any, make: Callable[[], Any]) -> Any:
    """What a session keeps for this node between runs: made in the first."""
    kept = ctx.state.resources
    key = f"sampler/{ctx.op.name}"
    if key not in kept:
        kept.setdefault(key, make())
    return kept[key]


@defop(
    f"LearnedUnigramCandidateSampler(true_classes: int64; {_ATTRS}, range_max: int, {_SEEDS}) -> {_RESULT}",
    host=True,
    **_PROPERTIES,
)
def _learned_unigram(
    ctx: LoweringContext, true_classes: Any, *, num_sampled: int, unique: bool, range_max: int
) -> Sampled:
    _check(ctx, true_classes, range_max)
    counts = _kept(ctx, lambda: np.ones(range_max, np.int32))
    words = candidates.Words(_row(ctx))
    ends = np.cumsum(counts, dtype=np.int64)
    total = int(ends[-1])

    def draw() -> int:
        return int(np.searchsorted(ends, words.below(total), side="right"))

    found, tries = candidates.draw_one_by_one(draw, num_sampled, unique)
    result = _counted(ctx, counts.astype(np.float32), true_classes, found, tries)
    np.add.at(counts, true_classes, 1)  # classes met in training are drawn more often from now on
    return result


# ------------------------------------------------------------------------------------------ accidental hits


def _hit_dims(c: ShapeContext) -> list[Dims]:
    _positive(c, "num_true")
    columns = c.require_rank(0, 2)[1]
    c.require_rank(1, 1)
    if columns is not None and columns != c.attr("num_true"):
        raise c.fail(f"Dimension must be {c.attr('num_true')} but is {columns}")
    return [(None,), (None,), (None,)]


@defop(
    f"ComputeAccidentalHits(true_classes: int64, sampled_candidates: int64; num_true: int, {_SEEDS}) "
    "-> indices: int32, ids: int64, weights: float32",
    shape=_hit_dims,
    host=True,
    gradient=NO_GRADIENT,
)
def _accidental_hits(ctx: LoweringContext, true_classes: Any, sampled_candidates: Any, *, num_true: int) -> Any:
    if true_classes.ndim != 2 or true_classes.shape[1] != num_true:
        raise InvalidArgumentError(None, ctx.op, "true_candidates must be a batch_size * num_true matrix")
    place = {int(candidate): i for i, candidate in enumerate(sampled_candidates)}  # of equal ones the last
    hits = [(row, place[c]) for row, classes in enumerate(true_classes.tolist()) for c in classes if c in place]
    rows, columns = np.asarray(hits, np.int64).reshape(-1, 2).T
    return rows.astype(np.int32), columns, np.full(len(hits), np.finfo(np.float32).min)


# -------------------------------------------------------------------------------------------- public functions


def _sample(
    op_type: str,
    true_classes: Any,
    seed: Any,
    name: str | None,
    num_true: int,
    num_sampled: int,
    unique: bool,
    **more: Any,
) -> Any:
    first, second = get_seed(seed)
    outputs = apply_op(
        op_type,
        true_classes,
        num_true=num_true,
        num_sampled=num_sampled,
        unique=unique,
        seed=first,
        seed2=second,
        name=name,
        **more,
    )
    return _RESULTS[op_type](*outputs)


_FIELDS = ["sampled_candidates", "true_expected_count", "sampled_expected_count"]
_RESULTS = {
    t: namedtuple(t, _FIELDS)
    for t in (
        "UniformCandidateSampler",
        "LogUniformCandidateSampler",
        "AllCandidateSampler",
        "FixedUnigramCandidateSampler",
        "LearnedUnigramCandidateSampler",
    )
}
_Hits = namedtuple("ComputeAccidentalHits", ["indices", "ids", "weights"])


def uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Draws classes, each with the same chance.

    Args:
      true_classes: int64 tensor `[batch, num_true]`: the classes of the batch.
      num_true: How many true classes an example has.
      num_sampled: How many classes are drawn, for the whole batch.
      unique: Whether they are all different.
      range_max: Number of classes.
      seed: Seed of the node.
      name: Node name; defaults to "UniformCandidateSampler".

    Returns:
      `(sampled_candidates, true_expected_count, sampled_expected_count)`: int64 `[num_sampled]`, float32
      `[batch, num_true]` and float32 `[num_sampled]`; the counts are how often each class is expected in the sample.

    Raises:
      InvalidArgumentError: in the run, when more unique classes are wanted than there are.

    >>> sampled, _, _ = tf.nn.uniform_candidate_sampler([[0], [2]], 1, 3, True, 3, seed=1)
    >>> sorted(tf.Session().run(sampled).tolist())
    [0, 1, 2]
    """
    kind = "UniformCandidateSampler"
    return _sample(kind, true_classes, seed, name, num_true, num_sampled, unique, range_max=range_max)


def log_uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Draws classes by Zipf's law: class `k` with the chance `log((k + 2) / (k + 1)) / log(range_max + 1)`.

    That fits classes that are numbered by falling frequency, as the words of a dictionary often are.

    Args:
      true_classes: int64 tensor `[batch, num_true]`: the classes of the batch.
      num_true: How many true classes an example has.
      num_sampled: How many classes are drawn, for the whole batch.
      unique: Whether they are all different.
      range_max: Number of classes.
      seed: Seed of the node.
      name: Node name; defaults to "LogUniformCandidateSampler".

    Returns:
      `(sampled_candidates, true_expected_count, sampled_expected_count)`, as `uniform_candidate_sampler`.

    Raises:
      InvalidArgumentError: in the run, when more unique classes are wanted than there are.

    >>> tf.nn.log_uniform_candidate_sampler([[0], [2]], 1, 5, True, 100).true_expected_count.shape.as_list()
    [2, 1]
    """
    kind = "LogUniformCandidateSampler"
    return _sample(kind, true_classes, seed, name, num_true, num_sampled, unique, range_max=range_max)


def learned_unigram_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Draws classes as often as they were true classes in the runs before, each once more.

    Args:
      true_classes: int64 tensor `[batch, num_true]`: the classes of the batch, counted for the next run.
      num_true: How many true classes an example has.
      num_sampled: How many classes are drawn, for the whole batch.
      unique: Whether they are all different.
      range_max: Number of classes.
      seed: Seed of the node.
      name: Node name; defaults to "LearnedUnigramCandidateSampler".

    Returns:
      `(sampled_candidates, true_expected_count, sampled_expected_count)`, as `uniform_candidate_sampler`.

    Raises:
      InvalidArgumentError: in the run, when more unique classes are wanted than there are.

    >>> tf.nn.learned_unigram_candidate_sampler([[0], [2]], 1, 5, True, 100).sampled_candidates.shape.as_list()
    [5]
    """
    kind = "LearnedUnigramCandidateSampler"
    return _sample(kind, true_classes, seed, name, num_true, num_sampled, unique, range_max=range_max)


def fixed_unigram_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    vocab_file: str = "",
    distortion: float = 1.0,
    num_reserved_ids: int = 0,
    num_shards: int = 1,
    shard: int = 0,
    unigrams: Sequence[float] = (),
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Draws classes with given weights.

    Args:
      true_classes: int64 tensor `[batch, num_true]`: the classes of the batch.
      num_true: How many true classes an example has.
      num_sampled: How many classes are drawn, for the whole batch.
      unique: Whether they are all different.
      range_max: Number of classes.
      vocab_file: File with a line a class, the weight behind the last comma; or give `unigrams`.
      distortion: Weights are raised to this power: 0 makes all the same.
      num_reserved_ids: So many classes come first that are never drawn.
      num_shards: With several samplers that share the classes: how many.
      shard: Which of them this is.
      unigrams: The weights.
      seed: Seed of the node.
      name: Node name; defaults to "FixedUnigramCandidateSampler".

    Returns:
      `(sampled_candidates, true_expected_count, sampled_expected_count)`, as `uniform_candidate_sampler`.

    Raises:
      InvalidArgumentError: in the run, when the weights are not `range_max`, or too few to be unique.

    >>> sampled = tf.nn.fixed_unigram_candidate_sampler([[0]], 1, 4, False, 3, unigrams=[0.0, 1.0, 0.0])[0]
    >>> tf.Session().run(sampled).tolist()
    [1, 1, 1, 1]
    """
    return _sample(
        "FixedUnigramCandidateSampler",
        true_classes,
        seed,
        name,
        num_true,
        num_sampled,
        unique,
        range_max=range_max,
        vocab_file=vocab_file,
        distortion=distortion,
        num_reserved_ids=num_reserved_ids,
        num_shards=num_shards,
        shard=shard,
        unigrams=list(unigrams),
    )


def all_candidate_sampler(
    true_classes: Any, num_true: int, num_sampled: int, unique: bool, seed: int | None = None, name: str | None = None
) -> Any:
    """Takes all classes as the sample, for tests: a sampled loss is then the full one.

    Args:
      true_classes: int64 tensor `[batch, num_true]`: the classes of the batch.
      num_true: How many true classes an example has.
      num_sampled: Number of classes.
      unique: Recorded; they always are.
      seed: Recorded.
      name: Node name; defaults to "AllCandidateSampler".

    Returns:
      `(sampled_candidates, true_expected_count, sampled_expected_count)`, as `uniform_candidate_sampler`.

    >>> tf.Session().run(tf.nn.all_candidate_sampler([[0]], 1, 3, True).sampled_candidates).tolist()
    [0, 1, 2]
    """
    return _sample("AllCandidateSampler", true_classes, seed, name, num_true, num_sampled, unique)


def compute_accidental_hits(
    true_classes: Any, sampled_candidates: Any, num_true: int, seed: int | None = None, name: str | None = None
) -> Any:
    """Finds the sampled classes that are true classes of an example.

    Args:
      true_classes: int64 tensor `[batch, num_true]`.
      sampled_candidates: int64 tensor `[num_sampled]`.
      num_true: How many true classes an example has.
      seed: Recorded; nothing is drawn.
      name: Node name; defaults to "ComputeAccidentalHits".

    Returns:
      `(indices, ids, weights)`, an element a hit: the example, the place in the sample, and the lowest float32, which
      added to a logit takes the class out.

    >>> hits = tf.nn.compute_accidental_hits([[0], [7]], tf.constant([5, 7], tf.int64), 1)
    >>> tf.Session().run(hits[:2])
    (array([1], dtype=int32), array([1]))
    """
    first, second = get_seed(seed)
    hits = apply_op(
        "ComputeAccidentalHits",
        true_classes,
        sampled_candidates,
        num_true=num_true,
        seed=first,
        seed2=second,
        name=name,
    )
    return _Hits(*hits)
