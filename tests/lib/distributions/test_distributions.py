"""`tf.distributions` against real TensorFlow: densities, statistics, samples, gradients, divergences, nodes, errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.oracle import check_both, check_both_raise, graph_nodes

pytestmark = pytest.mark.oracle


def f32(value: Any) -> Any:
    """A float32 array."""
    return np.asarray(value, np.float32)


STATISTICS = ("mean", "variance", "stddev", "covariance", "mode", "entropy", "batch_shape_tensor", "event_shape_tensor",
              "is_scalar_batch", "is_scalar_event")  # fmt: skip
OF_VALUE = ("prob", "log_prob", "cdf", "log_cdf", "survival_function", "log_survival_function", "quantile")
LINE = f32([-25.0, -6.0, -1.5, 0.0, 0.7, 2.0, 7.0])[:, None]
UNIT = f32([0.05, 0.3, 0.5, 0.97])[:, None]

# name -> (how it is made, values, or None for values of the unit interval for quantiles only)
FAMILIES: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "Normal": (lambda d: d.Normal(f32([0.0, 1.0]), f32([[1.0], [2.5]])[0]), LINE),
    "Laplace": (lambda d: d.Laplace(f32([0.0, 1.0]), f32(1.5)), LINE),
    "Uniform": (lambda d: d.Uniform(f32([-1.0, 0.0]), f32([1.0, 2.5])), LINE),
    "StudentT": (
        lambda d: d.StudentT(f32([0.8, 1.5, 4.0]), f32([0.5, 0.5, 0.5]), f32([1.0, 2.0, 0.7])),
        f32([-2.0, 0.5, 3.0]),
    ),
    "Gamma": (lambda d: d.Gamma(f32([0.5, 3.0]), f32([1.0, 2.0])), np.abs(LINE) + f32(0.1)),
    "Exponential": (lambda d: d.Exponential(f32([0.5, 3.0])), np.abs(LINE) + f32(0.1)),
    "Beta": (lambda d: d.Beta(f32([0.5, 3.0, 2.0]), f32([1.5, 2.0, 1.5])), f32([0.05, 0.5, 0.97])),
    "Bernoulli": (lambda d: d.Bernoulli(logits=f32([-1.0, 0.0, 2.0])), np.array([[0], [1]], np.int32)),
    "Bernoulli of probs": (lambda d: d.Bernoulli(probs=f32([0.1, 0.5])), np.array([[0], [1]], np.int32)),
    "Categorical": (lambda d: d.Categorical(logits=f32([[0.1, 0.9, 0.3], [1.0, 0.0, -1.0]])), np.array([[0], [2]])),
    "Categorical of probs": (lambda d: d.Categorical(probs=f32([0.2, 0.5, 0.3])), np.array([0, 1, 2])),
    "Dirichlet": (lambda d: d.Dirichlet(f32([1.5, 3.0, 2.0])), f32([0.2, 0.5, 0.3])),
    "Multinomial": (lambda d: d.Multinomial(f32(4.0), logits=f32([0.1, 0.9, 0.3])), f32([[1, 2, 1], [4, 0, 0]])),
    "Multinomials": (lambda d: d.Multinomial(f32([4.0, 2.0]), probs=f32([0.2, 0.5, 0.3])), f32([[1, 2, 1], [2, 0, 0]])),
    "DirichletMultinomial": (
        lambda d: d.DirichletMultinomial(f32(4.0), f32([0.1, 0.9, 0.3])),
        f32([[1, 2, 1], [4, 0, 0]]),
    ),
}


def _or_lacking(compute: Callable[[], Any]) -> Any:
    try:
        return compute()
    except NotImplementedError as error:
        return str(error)


@pytest.mark.parametrize("family", FAMILIES)
def test_densities_and_statistics(family: str) -> None:
    make, value = FAMILIES[family]

    def body(tf: Any) -> Any:
        d = make(tf.distributions)
        found = {name: _or_lacking(lambda name=name: getattr(d, name)()) for name in STATISTICS}
        for name in OF_VALUE:
            given = UNIT if name == "quantile" else value
            found[name] = _or_lacking(lambda name=name, given=given: getattr(d, name)(given))
        tensors = {k: t for k, t in found.items() if hasattr(t, "op")}
        lacking = {k: t for k, t in found.items() if not hasattr(t, "op")}
        about = [d.dtype.name, d.batch_shape, d.event_shape, d.name, repr(d.reparameterization_type), str(d),
                 repr(d), d.allow_nan_stats, d.validate_args, sorted(d.parameters)]  # fmt: skip
        with tf.Session() as session:
            values = session.run(tensors)
        return about, lacking, {k: t.shape for k, t in tensors.items() if k != "entropy"}, values

    check_both(body, rtol=3e-5, atol=2e-6)


@pytest.mark.parametrize("family", [f for f in FAMILIES if f != "Multinomials"])
def test_samples(family: str) -> None:
    """TensorFlow's own numbers, from the seed of the node and from that of the graph."""
    make, _ = FAMILIES[family]

    def body(tf: Any) -> Any:
        tf.set_random_seed(7)
        d = make(tf.distributions)
        drawn = [d.sample(4, seed=5), d.sample([2, 3])]
        with tf.Session() as session:
            return [t.shape for t in (d.sample(seed=3), *drawn)], session.run(drawn)

    check_both(body, rtol=1e-4, atol=1e-6)


def test_samples_of_several_multinomials() -> None:
    """Not TensorFlow's numbers (it draws in a loop), but their distribution."""
    import scopedjax as tf

    with tf.Graph().as_default(), tf.Session() as session:
        d = tf.distributions.Multinomial([10.0, 3.0], probs=[[0.2, 0.5, 0.3], [0.9, 0.1, 0.0]])
        drawn, mean, covariance = session.run([d.sample(20000, seed=1), d.mean(), d.covariance()])
    assert drawn.shape == (20000, 2, 3)
    np.testing.assert_array_equal(drawn.sum(-1), np.tile([10.0, 3.0], [20000, 1]))
    np.testing.assert_allclose(drawn.mean(0), mean, atol=0.06)
    for row in range(2):
        np.testing.assert_allclose(np.cov(drawn[:, row].T), covariance[row], atol=0.08)


@pytest.mark.parametrize("family", ["Normal", "Laplace", "Uniform", "Gamma", "Exponential", "Beta", "StudentT"])
def test_gradients(family: str) -> None:
    """Of densities, entropies and samples, with respect to the parameters."""

    def body(tf: Any) -> Any:
        count = {"Exponential": 1, "StudentT": 3}.get(family, 2)
        parameters = [tf.constant(f32(v)) for v in ([0.7, 1.2], [1.5, 2.0], [0.5, 3.0])[:count]]
        d = getattr(tf.distributions, family)(*parameters)
        value = tf.constant(f32([[0.8, 0.9], [0.75, 1.0]]) if family != "Beta" else UNIT)
        found = []
        for y in (d.log_prob(value), d.entropy() if family != "Exponential" else d.mean(), d.sample(3, seed=2)):
            found.extend(g for g in tf.gradients(y, parameters) if g is not None)
        found.append(tf.gradients(d.log_prob(value), value)[0])
        found = [g for g in found if g is not None]
        with tf.Session() as session:
            return session.run(found)

    check_both(body, rtol=2e-3, atol=1e-4)


PAIRS: dict[str, Callable[[Any], Any]] = {
    "Normal": lambda d: (d.Normal(f32([0.0, 1.0]), f32(2.0)), d.Normal(f32(0.5), f32(1.0))),
    "Bernoulli": lambda d: (d.Bernoulli(probs=f32([0.1, 0.5])), d.Bernoulli(probs=f32([0.4, 0.9]))),
    "Categorical": lambda d: (d.Categorical(logits=f32([0.1, 0.9, 0.3])), d.Categorical(logits=f32([1.0, 0.0, 0.5]))),
    "Gamma": lambda d: (d.Gamma(f32([0.5, 3.0]), f32(1.0)), d.Gamma(f32(2.0), f32(3.0))),
    "Exponential": lambda d: (d.Exponential(f32([0.5, 3.0])), d.Exponential(f32(2.0))),
    "Beta": lambda d: (d.Beta(f32([0.5, 3.0]), f32(1.0)), d.Beta(f32(2.0), f32(3.0))),
    "Dirichlet": lambda d: (d.Dirichlet(f32([0.5, 3.0])), d.Dirichlet(f32([2.0, 3.0]))),
}


@pytest.mark.parametrize("family", PAIRS)
def test_divergences(family: str) -> None:
    def body(tf: Any) -> Any:
        a, b = PAIRS[family](tf.distributions)
        found = [tf.distributions.kl_divergence(a, b), a.kl_divergence(b), a.cross_entropy(b)]
        with tf.Session() as session:
            return [t.shape for t in found], session.run(found)

    check_both(body, rtol=2e-5, atol=1e-6)


def test_registered_divergences() -> None:
    def body(tf: Any) -> Any:
        class Base(tf.distributions.Normal):
            pass

        class Derived(Base):
            pass

        @tf.distributions.RegisterKL(Base, tf.distributions.Normal)
        def _kl(a: Any, b: Any, name: Any = None) -> Any:
            return tf.constant(42.0)

        a, b = Derived(0.0, 1.0), tf.distributions.Normal(0.0, 1.0)
        with tf.Session() as session:
            return session.run([a.kl_divergence(b), b.kl_divergence(a)]), _kl(a, b).name

    check_both(body)

    def again(tf: Any) -> Any:
        return tf.distributions.RegisterKL(tf.distributions.Normal, tf.distributions.Normal)(lambda a, b, name=None: a)

    check_both_raise(again, match="KL(Normal || Normal) has already been registered to:")


@pytest.mark.parametrize("family", ["Normal", "Categorical", "Bernoulli"])
def test_nodes(family: str) -> None:
    def body(tf: Any) -> Any:
        make, value = FAMILIES[family]
        value = np.array([0, 2]) if family == "Categorical" else value  # of the shape of the batch
        for _ in range(2):
            d = make(tf.distributions)
            d.sample(3, seed=1)
            d.sample([2, 2], name="more")
            d.prob(value)
            d.log_prob(value)
            d.entropy()
            if family == "Normal":
                d.mean()
                d.stddev()
                d.kl_divergence(d)
        return graph_nodes(tf.get_default_graph())

    check_both(body)


def test_unknown_shapes() -> None:
    def body(tf: Any) -> Any:
        loc, logits = tf.placeholder(tf.float32), tf.placeholder(tf.float32, [None, None])
        n = tf.placeholder(tf.int32, [])
        normal, categorical = tf.distributions.Normal(loc, 1.0), tf.distributions.Categorical(logits)
        found = [
            normal.sample(n, seed=1), normal.log_prob([0.5, 1.0]), normal.batch_shape_tensor(), normal.entropy(),
            categorical.sample(n, seed=2), categorical.log_prob([1, 0]), categorical.event_size, categorical.mode(),
        ]  # fmt: skip
        feeds = {loc: f32([0.5, 2.0]), logits: f32([[0.1, 0.9, 0.3], [1.0, 0.0, -1.0]]), n: 4}
        with tf.Session() as session:
            return normal.batch_shape, categorical.batch_shape, session.run(found, feeds)

    check_both(body, rtol=2e-5, atol=1e-6)


def test_copies_and_shapes_of_parameters() -> None:
    def body(tf: Any) -> Any:
        d = tf.distributions
        copy = d.Normal(0.0, 1.0, name="first").copy(scale=f32([1.0, 2.0]))
        shapes = [d.Normal.param_static_shapes([2, 3]), d.Beta.param_static_shapes([4]),
                  d.Bernoulli.param_static_shapes(tf.TensorShape([5]))]  # fmt: skip
        return copy.name, copy.batch_shape, shapes, d.FULLY_REPARAMETERIZED == d.NOT_REPARAMETERIZED

    check_both(body)


def test_own_families() -> None:
    """A subclass says what it can; the rest follows or is lacking."""

    def body(tf: Any) -> Any:
        class Half(tf.distributions.Distribution):
            def __init__(self) -> None:
                super().__init__(tf.float32, tf.distributions.NOT_REPARAMETERIZED, False, True)

            def _prob(self, value: Any) -> Any:
                return 0.5 * value

            def _variance(self) -> Any:
                return tf.constant(4.0)

        d = Half()
        with tf.Session() as session:
            values = session.run([d.prob(0.5), d.log_prob(0.5), d.stddev()])
        return values, d.name, d.batch_shape, _or_lacking(d.mean), _or_lacking(lambda: d.cdf(1.0))

    check_both(body)


ERRORS: dict[str, Callable[[Any], Any]] = {
    "both": lambda d: d.Bernoulli(logits=f32([1.0]), probs=f32([0.5])),
    "none": lambda d: d.Categorical(),
    "no formula": lambda d: d.kl_divergence(d.Normal(0.0, 1.0), d.Uniform(0.0, 1.0)),
    "parents": lambda d: d.Distribution("float32", d.NOT_REPARAMETERIZED, False, True, graph_parents=[None]),
    "sample": lambda d: d.DirichletMultinomial(f32([4.0, 2.0]), f32([0.1, 0.9])).sample(2),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(case: str) -> None:
    check_both_raise(lambda tf: ERRORS[case](tf.distributions))


CHECKED: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "scale": (lambda d, x: d.Normal(0.0, x, validate_args=True).mean(), "Condition x > 0 did not hold"),
    "probs": (lambda d, x: d.Bernoulli(probs=x, validate_args=True).mean(), "Condition x >= 0 did not hold"),
    "beta": (lambda d, x: d.Beta(x, 1.0, validate_args=True).mean(), "Concentration parameter must be positive."),
    "sample": (lambda d, x: d.Beta(1.0, 1.0, validate_args=True).prob(x), "sample must be positive"),
    "uniform": (lambda d, x: d.Uniform(0.0, x, validate_args=True).mean(), "uniform not defined when low >= high."),
    "statistic": (lambda d, x: d.Gamma(-x, 1.0, allow_nan_stats=False).mode(),
                  "mode not defined when any concentration <= 1"),
}  # fmt: skip


@pytest.mark.parametrize("case", CHECKED)
def test_checks_in_a_run(case: str) -> None:
    make, words = CHECKED[case]

    def body(tf: Any) -> Any:
        x = tf.placeholder(tf.float32, [])
        tensor = make(tf.distributions, x)
        with tf.Session() as session:
            return session.run(tensor, {x: -0.5})

    check_both_raise(body, match=words)


def test_batches_of_dirichlets() -> None:
    def body(tf: Any) -> Any:
        d = tf.distributions.Dirichlet(f32([[1.5, 3.0, 2.0], [0.5, 1.0, 1.0]]))
        found = [d.sample(4, seed=1), d.log_prob(f32([0.2, 0.5, 0.3])), d.covariance(), d.entropy(), d.mean()]
        with tf.Session() as session:
            return [d.batch_shape, d.event_shape], session.run(found)

    check_both(body, rtol=1e-4, atol=1e-6)


def test_cdfs_broadcast() -> None:
    """TensorFlow's betainc wants equal shapes; here a value broadcasts with the batch."""
    import scopedjax as tf

    with tf.Graph().as_default(), tf.Session() as session:
        beta, heavy = tf.distributions.Beta([1.0, 3.0], 1.0), tf.distributions.StudentT(3.0, [0.0, 1.0], 1.0)
        found = session.run([beta.cdf([[0.5], [1.0]]), heavy.cdf([[0.0], [1.0]])])
    np.testing.assert_allclose(found[0], [[0.5, 0.125], [1.0, 1.0]], rtol=1e-5)
    np.testing.assert_allclose(found[1], [[0.5, 0.1955011], [0.8044989, 0.5]], rtol=1e-5)
