"""Update rules as optax gradient transformations, with TF1's numbers.

A rule makes the transformation from the hyper-parameters; its state is what TF1 keeps in slot variables. Where optax
has the same arithmetic it is optax's own; Adam, Ftrl and the proximal rules differ and are written here in optax's
form:

  adam       TF1 adds epsilon to the uncorrected sqrt(v), and keeps powers of the betas, not a count
  rmsprop    epsilon inside the square root, the learning rate inside the momentum
  ftrl       McMahan et al., "Ad Click Prediction: a View from the Trenches", KDD 2013, algorithm 1
  proximal   Duchi and Singer, "Efficient Learning using Forward-Backward Splitting", NIPS 2009
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
import optax


def _transformation(init: Any, update: Any) -> optax.GradientTransformation:
    """Makes a transformation of one array; optax's own types speak of trees of arrays."""
    return optax.GradientTransformation(init, update)


def gradient_descent(learning_rate: Any) -> optax.GradientTransformation:
    """`-lr * g`."""
    return optax.scale(-learning_rate)


def momentum(learning_rate: Any, decay: Any, nesterov: bool) -> optax.GradientTransformation:
    """`a = decay * a + g`, and `-lr * a` (Nesterov: `-lr * (g + decay * a)`)."""
    return optax.chain(optax.trace(decay=decay, nesterov=nesterov), optax.scale(-learning_rate))


def adagrad(learning_rate: Any) -> optax.GradientTransformation:
    """`s += g^2`, and `-lr * g / sqrt(s)`."""
    return optax.chain(optax.scale_by_rss(initial_accumulator_value=0.0, eps=0.0), optax.scale(-learning_rate))


def adadelta(learning_rate: Any, rho: Any, epsilon: Any) -> optax.GradientTransformation:
    """Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012, algorithm 1, scaled by `lr`."""
    return optax.chain(optax.scale_by_adadelta(rho=rho, eps=epsilon), optax.scale(-learning_rate))


def rmsprop(
    learning_rate: Any, decay: Any, momentum: Any, epsilon: Any, centered: bool
) -> optax.GradientTransformation:
    """`m = momentum * m + lr * g / sqrt(ms + epsilon)`, and `-m`; centered: `ms - mg^2` for `ms`."""
    scale_by = optax.scale_by_stddev if centered else optax.scale_by_rms
    return optax.chain(
        scale_by(decay=decay, eps=epsilon, eps_in_sqrt=True),
        optax.scale(learning_rate),
        optax.trace(decay=momentum),
        optax.scale(-1.0),
    )


class AdamState(NamedTuple):
    """The moments, and the powers of the betas as they were before this step."""

    mu: Any
    nu: Any
    beta1_power: Any
    beta2_power: Any


def adam(learning_rate: Any, b1: Any, b2: Any, epsilon: Any, nesterov: bool) -> optax.GradientTransformation:
    """Kingma and Ba, "Adam", 2015, in the form before its section 2.1: `-lr_t * m / (sqrt(v) + epsilon)`.

    `lr_t = lr * sqrt(1 - beta2^t) / (1 - beta1^t)`.
    """

    def update(grads: Any, state: AdamState, params: Any = None) -> tuple[Any, AdamState]:
        mu = state.mu + (grads - state.mu) * (1 - b1)
        nu = state.nu + (jnp.square(grads) - state.nu) * (1 - b2)
        rate = learning_rate * jnp.sqrt(1 - state.beta2_power) / (1 - state.beta1_power)
        direction = grads * (1 - b1) + b1 * mu if nesterov else mu
        step = -rate * direction / (jnp.sqrt(nu) + epsilon)
        return step, AdamState(mu, nu, state.beta1_power, state.beta2_power)

    return _transformation(lambda params: AdamState(params * 0, params * 0, b1, b2), update)


class FtrlState(NamedTuple):
    """The sum of squared gradients, and the linear term."""

    accumulator: Any
    linear: Any


def ftrl(
    learning_rate: Any, l1: Any, l2: Any, l2_shrinkage: Any, learning_rate_power: Any, multiply_linear_by_lr: bool
) -> optax.GradientTransformation:
    """FTRL-proximal with L1, L2 and shrinkage.

    With `multiply_linear_by_lr` the linear term is kept multiplied by the learning rate.
    """

    def update(grads: Any, state: FtrlState, params: Any) -> tuple[Any, FtrlState]:
        shrunk = grads + 2 * l2_shrinkage * params
        accumulator = state.accumulator + jnp.square(grads)
        new_power = jnp.power(accumulator, -learning_rate_power)
        old_power = jnp.power(state.accumulator, -learning_rate_power)
        if multiply_linear_by_lr:
            linear = state.linear + shrunk * learning_rate - (new_power - old_power) * params
            bound, quadratic = l1 * learning_rate, new_power + 2 * l2 * learning_rate
        else:
            linear = state.linear + shrunk - (new_power - old_power) / learning_rate * params
            bound, quadratic = l1, new_power / learning_rate + 2 * l2
        target = (jnp.clip(linear, -bound, bound) - linear) / quadratic
        return target - params, FtrlState(accumulator, linear)

    return _transformation(lambda params: FtrlState(params * 0, params * 0), update)


class NoState(NamedTuple):
    """The state of a rule that keeps nothing."""


def _proximal(prox: Any, rate: Any, l1: Any, l2: Any) -> Any:
    return jnp.sign(prox) * jnp.maximum(jnp.abs(prox) - rate * l1, 0) / (1 + l2 * rate)


def proximal_gradient_descent(learning_rate: Any, l1: Any, l2: Any) -> optax.GradientTransformation:
    """A step of gradient descent, then the proximal step of `l1 |w| + l2/2 w^2`."""

    def update(grads: Any, state: NoState, params: Any) -> tuple[Any, NoState]:
        return _proximal(params - learning_rate * grads, learning_rate, l1, l2) - params, state

    return _transformation(lambda params: NoState(), update)


class ProximalAdagradState(NamedTuple):
    """The sum of squared gradients."""

    accumulator: Any


def proximal_adagrad(learning_rate: Any, l1: Any, l2: Any) -> optax.GradientTransformation:
    """A step of Adagrad, then the proximal step with Adagrad's rates."""

    def update(grads: Any, state: ProximalAdagradState, params: Any) -> tuple[Any, ProximalAdagradState]:
        accumulator = state.accumulator + jnp.square(grads)
        rate = learning_rate / jnp.sqrt(accumulator)
        return _proximal(params - grads * rate, rate, l1, l2) - params, ProximalAdagradState(accumulator)

    return _transformation(lambda params: ProximalAdagradState(params * 0), update)


class AdagradDAState(NamedTuple):
    """The sums of gradients and of their squares."""

    gradient: Any
    squared: Any


def adagrad_da(learning_rate: Any, l1: Any, l2: Any, step: Any) -> optax.GradientTransformation:
    """Adagrad by dual averaging: Duchi, Hazan and Singer, JMLR 2011, section 1.3, with L1 and L2."""

    def update(grads: Any, state: AdagradDAState, params: Any) -> tuple[Any, AdagradDAState]:
        gradient = state.gradient + grads
        squared = state.squared + jnp.square(grads)
        steps = jnp.asarray(step, gradient.dtype)
        shrunk = jnp.sign(gradient) * jnp.maximum(jnp.abs(gradient) - l1 * steps, 0)
        target = -learning_rate * shrunk / (l2 * steps * learning_rate + jnp.sqrt(squared))
        return target - params, AdagradDAState(gradient, squared)

    return _transformation(lambda params: AdagradDAState(params * 0, params * 0), update)
