"""The models of the speed comparison, each twice: as a TF1 program, and by hand in JAX with optax."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

MLP_SIZES = (784, 512, 512, 10)
BERT = {"layers": 4, "hidden": 256, "heads": 4, "inner": 1024, "vocabulary": 1000, "batch": 8, "length": 128}


def mlp_data() -> tuple[np.ndarray, np.ndarray]:
    """A batch of 128 images and labels."""
    rng = np.random.RandomState(0)
    return rng.rand(128, MLP_SIZES[0]).astype(np.float32), rng.randint(0, 10, 128).astype(np.int32)


def mlp_program(tf: Any) -> tuple[Any, Any, list[Any]]:
    """Returns (training node, loss, placeholders) of a 784-512-512-10 perceptron with Adam."""
    x = tf.placeholder(tf.float32, [128, MLP_SIZES[0]])
    y = tf.placeholder(tf.int32, [128])
    hidden = x
    for i, (before, after) in enumerate(zip(MLP_SIZES[:-1], MLP_SIZES[1:], strict=True)):
        with tf.variable_scope(f"layer{i}"):
            w = tf.get_variable("w", [before, after])
            b = tf.get_variable("b", [after], initializer=tf.zeros_initializer())
        hidden = tf.matmul(hidden, w) + b
        if after != MLP_SIZES[-1]:
            hidden = tf.nn.relu(hidden)
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=hidden))
    return tf.train.AdamOptimizer(1e-3).minimize(loss), loss, [x, y]


def mlp_by_hand() -> Any:
    """Returns `step(x, y) -> loss`, keeping its parameters, for the same perceptron in JAX."""
    rng = np.random.RandomState(0)
    params = [
        (jnp.asarray(rng.randn(a, b).astype(np.float32) / np.sqrt(a)), jnp.zeros(b))
        for a, b in zip(MLP_SIZES[:-1], MLP_SIZES[1:], strict=True)
    ]

    def loss_of(params: Any, x: Any, y: Any) -> Any:
        for w, b in params[:-1]:
            x = jax.nn.relu(x @ w + b)
        w, b = params[-1]
        return optax.softmax_cross_entropy_with_integer_labels(x @ w + b, y).mean()

    return _stepper(params, loss_of)


def _stepper(params: Any, loss_of: Any) -> Any:
    optimizer = optax.adam(1e-3)
    state = [params, optimizer.init(params)]

    @jax.jit
    def update(params: Any, opt_state: Any, x: Any, y: Any) -> Any:
        loss, grads = jax.value_and_grad(loss_of)(params, x, y)
        updates, opt_state = optimizer.update(grads, opt_state)
        return optax.apply_updates(params, updates), opt_state, loss

    update = jax.jit(update.__wrapped__, donate_argnums=(0, 1))

    def step(x: Any, y: Any) -> float:
        state[0], state[1], loss = update(state[0], state[1], x, y)
        return float(loss)

    return step


def bert_data() -> tuple[np.ndarray, np.ndarray]:
    """Token ids and the ids to predict."""
    rng = np.random.RandomState(0)
    shape = (BERT["batch"], BERT["length"])
    return rng.randint(0, 1000, shape).astype(np.int32), rng.randint(0, 1000, shape).astype(np.int32)


def bert_program(tf: Any) -> tuple[Any, Any, list[Any]]:
    """Returns (training node, loss, placeholders) of a 4-layer encoder with Adam."""
    batch, length, hidden = BERT["batch"], BERT["length"], BERT["hidden"]
    tokens = tf.placeholder(tf.int32, [batch, length])
    labels = tf.placeholder(tf.int32, [batch, length])
    with tf.variable_scope("embeddings"):
        table = tf.get_variable("word", [BERT["vocabulary"], hidden])
        places = tf.get_variable("position", [length, hidden])
        x = _norm(tf, tf.nn.embedding_lookup(table, tokens) + places, "norm")
    x = tf.reshape(x, [batch * length, hidden])
    for i in range(BERT["layers"]):
        with tf.variable_scope(f"layer_{i}"):
            x = _norm(tf, x + _attention(tf, x), "attention_norm")
            inner = _dense(tf, x, BERT["inner"], "inner")
            inner = 0.5 * inner * (1.0 + tf.tanh(0.7978845608 * (inner + 0.044715 * tf.pow(inner, 3.0))))
            x = _norm(tf, x + _dense(tf, inner, hidden, "outer"), "output_norm")
    logits = tf.matmul(x, table, transpose_b=True)
    loss = tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.reshape(labels, [-1]), logits=logits)
    )
    return tf.train.AdamOptimizer(1e-4).minimize(loss), loss, [tokens, labels]


def _dense(tf: Any, x: Any, size: int, name: str) -> Any:
    with tf.variable_scope(name):
        w = tf.get_variable("kernel", [int(x.shape[-1]), size])
        return tf.nn.bias_add(tf.matmul(x, w), tf.get_variable("bias", [size], initializer=tf.zeros_initializer()))


def _norm(tf: Any, x: Any, name: str) -> Any:
    with tf.variable_scope(name):
        size = int(x.shape[-1])
        gamma = tf.get_variable("gamma", [size], initializer=tf.ones_initializer())
        beta = tf.get_variable("beta", [size], initializer=tf.zeros_initializer())
    mean = tf.reduce_mean(x, -1, keepdims=True)
    centred = x - mean
    variance = tf.reduce_mean(tf.square(centred), -1, keepdims=True)
    return centred * tf.rsqrt(variance + 1e-6) * gamma + beta


def _attention(tf: Any, x: Any) -> Any:
    batch, length, hidden, heads = BERT["batch"], BERT["length"], BERT["hidden"], BERT["heads"]

    def split(name: str) -> Any:
        parts = tf.reshape(_dense(tf, x, hidden, name), [batch, length, heads, hidden // heads])
        return tf.transpose(parts, [0, 2, 1, 3])

    q, k, v = split("query"), split("key"), split("value")
    scores = tf.nn.softmax(tf.matmul(q, k, transpose_b=True) / float(np.sqrt(hidden // heads)))
    mixed = tf.transpose(tf.matmul(scores, v), [0, 2, 1, 3])
    return _dense(tf, tf.reshape(mixed, [batch * length, hidden]), hidden, "output")


def bert_by_hand() -> Any:
    """Returns `step(tokens, labels) -> loss` for the same encoder in JAX."""
    rng = np.random.RandomState(0)
    hidden, inner = BERT["hidden"], BERT["inner"]

    def dense(a: int, b: int) -> Any:
        return jnp.asarray(rng.randn(a, b).astype(np.float32) / np.sqrt(a)), jnp.zeros(b)

    def norm() -> Any:
        return jnp.ones(hidden), jnp.zeros(hidden)

    layers = [
        {
            **{n: dense(hidden, hidden) for n in ("query", "key", "value", "output")},
            "inner": dense(hidden, inner),
            "outer": dense(inner, hidden),
            "attention_norm": norm(),
            "output_norm": norm(),
        }
        for _ in range(BERT["layers"])
    ]
    params = {
        "word": jnp.asarray(rng.randn(BERT["vocabulary"], hidden).astype(np.float32) * 0.05),
        "position": jnp.asarray(rng.randn(BERT["length"], hidden).astype(np.float32) * 0.05),
        "norm": norm(),
        "layers": layers,
    }
    return _stepper(params, _bert_loss)


def _bert_loss(params: Any, tokens: Any, labels: Any) -> Any:
    batch, length, hidden, heads = BERT["batch"], BERT["length"], BERT["hidden"], BERT["heads"]

    def norm(x: Any, p: Any) -> Any:
        centred = x - x.mean(-1, keepdims=True)
        variance = jnp.square(centred).mean(-1, keepdims=True)
        return centred * jax.lax.rsqrt(variance + 1e-6) * p[0] + p[1]

    def split(x: Any, p: Any) -> Any:
        return (x @ p[0] + p[1]).reshape(batch, length, heads, -1).transpose(0, 2, 1, 3)

    x = norm(params["word"][tokens] + params["position"], params["norm"]).reshape(batch * length, hidden)
    for p in params["layers"]:
        q, k, v = split(x, p["query"]), split(x, p["key"]), split(x, p["value"])
        scores = jax.nn.softmax(q @ k.swapaxes(-1, -2) / np.float32(np.sqrt(hidden // heads)))
        mixed = (scores @ v).transpose(0, 2, 1, 3).reshape(batch * length, hidden)
        x = norm(x + mixed @ p["output"][0] + p["output"][1], p["attention_norm"])
        inner = jax.nn.gelu(x @ p["inner"][0] + p["inner"][1])
        x = norm(x + inner @ p["outer"][0] + p["outer"][1], p["output_norm"])
    logits = x @ params["word"].T
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels.reshape(-1)).mean()


def word2vec_program(tf: Any) -> tuple[Any, Any, list[Any]]:
    """Skip-gram with a noise-contrastive loss, 50,000 words, 128 numbers each, gradient descent."""
    words, contexts = tf.placeholder(tf.int32, [128]), tf.placeholder(tf.int32, [128, 1])
    table = tf.get_variable("table", [50_000, 128], initializer=tf.random_uniform_initializer(-1.0, 1.0))
    weights = tf.get_variable("weights", [50_000, 128], initializer=tf.truncated_normal_initializer(stddev=0.1))
    biases = tf.get_variable("biases", [50_000], initializer=tf.zeros_initializer())
    rows = tf.nn.embedding_lookup(table, words)
    loss = tf.reduce_mean(
        tf.nn.nce_loss(weights=weights, biases=biases, labels=contexts, inputs=rows, num_sampled=64, num_classes=50_000)
    )
    return tf.train.GradientDescentOptimizer(1.0).minimize(loss), loss, [words, contexts]


def sampled_softmax_program(tf: Any) -> tuple[Any, Any, list[Any]]:
    """Skip-gram with a sampled softmax that leaves out accidental hits, 20,000 words, gradient descent."""
    words, contexts = tf.placeholder(tf.int32, [None]), tf.placeholder(tf.int32, [None, 1])
    table = tf.get_variable("table", [20_000, 64], initializer=tf.random_uniform_initializer(-1.0, 1.0))
    weights = tf.get_variable("weights", [20_000, 64], initializer=tf.truncated_normal_initializer(stddev=0.1))
    biases = tf.get_variable("biases", [20_000], initializer=tf.zeros_initializer())
    rows = tf.nn.embedding_lookup(table, words)
    loss = tf.reduce_mean(tf.nn.sampled_softmax_loss(weights, biases, contexts, rows, 64, 20_000))
    return tf.train.GradientDescentOptimizer(0.5).minimize(loss), loss, [words, contexts]


def classifier_program(tf: Any) -> tuple[Any, Any, list[Any]]:
    """Averaged embeddings of 40 words, 10,000 words in all, five classes, Adam."""
    words, labels = tf.placeholder(tf.int32, [None, 40]), tf.placeholder(tf.int32, [None])
    table = tf.get_variable("table", [10_000, 64])
    kernel = tf.get_variable("kernel", [64, 5])
    logits = tf.matmul(tf.reduce_mean(tf.nn.embedding_lookup(table, words), 1), kernel)
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
    return tf.train.AdamOptimizer().minimize(loss), loss, [words, labels]
