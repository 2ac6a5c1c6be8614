"""Models in the styles that people published, as TensorFlow 1.15 writes them, and what it makes of them.

Of each program there is its .meta, a checkpoint saved after some training, a SavedModel where it makes one, and the
numbers of a session that restores the checkpoint and goes on: models_of_tf1.npz.

Run with Python 3.7 and TensorFlow 1.15.0:  python tests/golden/models_of_tf1.py [names...]
"""

import glob
import os
import shutil
import sys
import tempfile

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


def detector(tf):
    """A detector of the SSD kind: features by slim, two maps of boxes, hard negatives, suppression in `map_fn`."""
    slim = tf.contrib.slim
    images = tf.placeholder(tf.float32, [None, 16, 16, 3], name="images")
    targets = tf.placeholder(tf.float32, [None, 20, 4], name="targets")
    labels = tf.placeholder(tf.int32, [None, 20], name="labels")
    with slim.arg_scope([slim.conv2d], activation_fn=tf.nn.relu6, normalizer_fn=slim.batch_norm,
                        normalizer_params={"is_training": True, "decay": 0.9}):  # fmt: skip
        net = slim.conv2d(images, 4, 3, stride=2, scope="conv1")
        net = slim.separable_conv2d(net, 6, 3, 1, stride=2, scope="sep", normalizer_fn=slim.batch_norm,
                                    normalizer_params={"is_training": True, "decay": 0.9})  # fmt: skip
        lower = slim.conv2d(net, 6, 3, stride=2, scope="conv3")
    boxes, scores = [], []
    for i, features in enumerate((net, lower)):
        with tf.variable_scope(f"head{i}"):
            boxes.append(tf.reshape(slim.conv2d(features, 4, 3, activation_fn=None), [tf.shape(images)[0], -1, 4]))
            scores.append(tf.reshape(slim.conv2d(features, 3, 1, activation_fn=None), [tf.shape(images)[0], -1, 3]))
    boxes, scores = tf.concat(boxes, 1), tf.concat(scores, 1)

    with tf.name_scope("Loss"):
        positive = tf.to_float(labels > 0)
        delta = tf.abs(boxes - targets)
        smooth = tf.where(delta < 1.0, 0.5 * delta**2, delta - 0.5)
        location = tf.reduce_sum(tf.reduce_sum(smooth, -1) * positive)
        entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=scores)
        hard, _ = tf.nn.top_k(entropy * (1.0 - positive), 5)
        count = tf.maximum(tf.reduce_sum(positive), 1.0)
        loss = (location + tf.reduce_sum(entropy * positive) + tf.reduce_sum(hard)) / count
    loss = tf.identity(loss + 1e-3 * tf.add_n([tf.nn.l2_loss(v) for v in tf.trainable_variables()]), name="loss")

    def of_one(pair):
        box, score = pair
        corners = tf.concat([box[:, :2] - tf.exp(box[:, 2:]), box[:, :2] + tf.exp(box[:, 2:])], 1)
        best = tf.reduce_max(score[:, 1:], 1)
        kept = tf.image.non_max_suppression(corners, best, 6, iou_threshold=0.4)
        count = tf.size(kept)
        kept = tf.pad(kept, [[0, 6 - count]])
        return tf.gather(corners, kept), tf.gather(best, kept), count

    found = tf.map_fn(of_one, (boxes, tf.nn.softmax(scores)), dtype=(tf.float32, tf.float32, tf.int32))
    tf.identity(found[0], "detection_boxes"), tf.identity(found[1], "detection_scores")
    tf.identity(found[2], "num_detections")

    def soft(i, left, order):  # suppression by hand, in a while_loop
        at = tf.argmax(left, output_type=tf.int32)
        left = tf.tensor_scatter_update(left, [[at]], [-1.0])
        near = tf.reduce_sum(tf.square(boxes[0] - boxes[0][at]), 1) < 0.5
        return i + 1, tf.where(near, left * 0.5, left), order.write(i, at)

    order = tf.TensorArray(tf.int32, 4)
    start = [0, scores[0, :, 1], order]
    _, _, order = tf.while_loop(lambda i, left, order: tf.logical_and(i < 4, tf.reduce_max(left) > -1.0), soft, start)
    tf.identity(order.stack(), "order")
    step = tf.train.get_or_create_global_step()
    rate = tf.train.exponential_decay(0.01, step, 2, 0.9, staircase=True)
    optimizer = tf.train.RMSPropOptimizer(rate, 0.9, momentum=0.9, epsilon=1.0)
    slim.learning.create_train_op(loss, optimizer, clip_gradient_norm=5.0, global_step=step)
    random = np.random.RandomState(0)
    feeds = [
        {"images:0": random.randn(2, 16, 16, 3), "targets:0": random.randn(2, 20, 4),
         "labels:0": random.randint(0, 3, [2, 20])} for _ in range(3)
    ]  # fmt: skip
    return {"train": ["train_op/control_dependency:0"], "feeds": feeds,
            "infer": ["detection_boxes:0", "detection_scores:0", "num_detections:0", "order:0"]}  # fmt: skip


def translator(tf):
    """Encoder and decoder with attention by contrib.seq2seq: training, greedy decoding, beam search."""
    seq2seq, rnn = tf.contrib.seq2seq, tf.nn.rnn_cell
    source = tf.placeholder(tf.int32, [None, None], name="source")
    lengths = tf.placeholder(tf.int32, [None], name="lengths")
    target = tf.placeholder(tf.int32, [None, None], name="target")
    target_lengths = tf.placeholder(tf.int32, [None], name="target_lengths")
    batch = tf.shape(source)[0]
    table = tf.get_variable("table", [9, 4])
    cell_f, cell_b = rnn.BasicLSTMCell(5, name="f"), rnn.BasicLSTMCell(5, name="b")
    cell_b = rnn.DropoutWrapper(cell_b, 1.0, 0.9, seed=3)
    outputs, states = tf.nn.bidirectional_dynamic_rnn(
        cell_f, cell_b, tf.nn.embedding_lookup(table, source), lengths, dtype=tf.float32
    )
    memory = tf.concat(outputs, 2)
    output_layer = tf.layers.Dense(9, use_bias=False, name="out")

    def decoder_cell(memory, lengths, state, copies=1):
        with tf.variable_scope("decoder", reuse=tf.AUTO_REUSE):
            attention = seq2seq.BahdanauAttention(5, memory, lengths)
            cell = seq2seq.AttentionWrapper(rnn.GRUCell(5, name="gru"), attention, attention_layer_size=5)
            start = cell.zero_state(batch * copies, tf.float32).clone(cell_state=state)
        return cell, start

    state = tf.tanh(states[0].h + states[1].h)
    cell, start = decoder_cell(memory, lengths, state)
    inputs = tf.concat([tf.fill([batch, 1], 1), target[:, :-1]], 1)
    helper = seq2seq.TrainingHelper(tf.nn.embedding_lookup(table, inputs), target_lengths)
    decoder = seq2seq.BasicDecoder(cell, helper, start, output_layer)
    with tf.variable_scope("decode"):
        decoded, _, _ = seq2seq.dynamic_decode(decoder, scope="steps")
    weights = tf.sequence_mask(target_lengths, tf.shape(decoded.rnn_output)[1], dtype=tf.float32)
    wanted = target[:, : tf.shape(decoded.rnn_output)[1]]
    loss = tf.identity(seq2seq.sequence_loss(decoded.rnn_output, wanted, weights), name="loss")
    with tf.variable_scope("decode", reuse=True):
        greedy = seq2seq.GreedyEmbeddingHelper(table, tf.fill([batch], 1), 2)
        found, _, _ = seq2seq.dynamic_decode(seq2seq.BasicDecoder(cell, greedy, start, output_layer),
                                             maximum_iterations=6, scope="steps")  # fmt: skip
        best = found.sample_id
        tiled = [seq2seq.tile_batch(value, 3) for value in (memory, lengths, state)]
        beam_cell, beam_start = decoder_cell(tiled[0], tiled[1], tiled[2], 3)
        beam = seq2seq.BeamSearchDecoder(beam_cell, table, tf.fill([batch], 1), 2, beam_start, 3, output_layer,
                                         length_penalty_weight=0.5)  # fmt: skip
        found, _, _ = seq2seq.dynamic_decode(beam, maximum_iterations=6, scope="steps")
        beams = found.predicted_ids
    tf.identity(best, "greedy"), tf.identity(beams, "beams")
    variables = tf.trainable_variables()
    gradients, norm = tf.clip_by_global_norm(tf.gradients(loss, variables), 1.0)
    step = tf.train.get_or_create_global_step()
    tf.train.AdamOptimizer(0.02).apply_gradients(zip(gradients, variables), step, name="train")
    tf.identity(norm, "norm")
    random = np.random.RandomState(1)
    feeds = [
        {"source:0": random.randint(3, 9, [3, 4 + i % 2]), "lengths:0": [4, 2, 3],
         "target:0": random.randint(2, 9, [3, 5]), "target_lengths:0": [5, 3, 4]} for i in range(3)
    ]  # fmt: skip
    return {"train": ["loss:0", "norm:0", "train"], "feeds": feeds, "infer": ["greedy:0", "beams:0"]}


def transformer(tf):
    """A Transformer in tensor2tensor's manner: padding, causal bias, timing signals, Noam's rate, smooth labels."""
    tokens = tf.placeholder(tf.int32, [None, None], name="tokens")
    size, heads, vocabulary = 8, 2, 11

    def split(x):
        shape = tf.shape(x)
        return tf.transpose(tf.reshape(x, [shape[0], shape[1], heads, size // heads]), [0, 2, 1, 3])

    def attend(x, memory, bias, name):
        with tf.variable_scope(name):
            sides = ((x, "q"), (memory, "k"), (memory, "v"))
            q, k, v = (tf.layers.dense(y, size, use_bias=False, name=n) for y, n in sides)
            logits = tf.matmul(split(q) * (size // heads) ** -0.5, split(k), transpose_b=True) + bias
            weights = tf.nn.dropout(tf.nn.softmax(logits, name="attention_weights"), rate=0.1, seed=7)
            y = tf.transpose(tf.matmul(weights, split(v)), [0, 2, 1, 3])
            return tf.layers.dense(tf.reshape(y, tf.shape(x)), size, use_bias=False, name="o")

    def norm(x, name):
        with tf.variable_scope(name):
            scale = tf.get_variable("layer_norm_scale", [size], initializer=tf.ones_initializer())
            bias = tf.get_variable("layer_norm_bias", [size], initializer=tf.zeros_initializer())
            mean, variance = tf.nn.moments(x, [-1], keep_dims=True)
            return (x - mean) * tf.rsqrt(variance + 1e-6) * scale + bias

    def block(x, bias, name):
        with tf.variable_scope(name):
            x = norm(x + attend(x, x, bias, "self_attention"), "n1")
            hidden = tf.layers.dense(x, 16, activation=tf.nn.relu, name="h")
            return norm(x + tf.layers.dense(tf.nn.dropout(hidden, keep_prob=0.9, seed=8), size, name="y"), "n2")

    table = tf.get_variable("embedding", [vocabulary, size], initializer=tf.random_normal_initializer(0, size**-0.5))
    length = tf.shape(tokens)[1]
    padding = tf.to_float(tf.equal(tokens, 0))
    x = tf.gather(table, tokens) * size**0.5 * tf.expand_dims(1.0 - padding, -1)
    position = tf.to_float(tf.range(length))
    rates = tf.exp(tf.to_float(tf.range(size // 2)) * -2.3)
    angles = tf.expand_dims(position, 1) * tf.expand_dims(rates, 0)
    x += tf.expand_dims(tf.concat([tf.sin(angles), tf.cos(angles)], 1), 0)
    causal = tf.reshape((1.0 - tf.matrix_band_part(tf.ones([length, length]), -1, 0)) * -1e9, [1, 1, length, length])
    bias = causal + tf.expand_dims(tf.expand_dims(padding * -1e9, 1), 1)
    for i in range(2):
        x = block(x, bias, f"layer_{i}")
    logits = tf.tensordot(x, table, [[2], [1]])
    tf.argmax(logits, -1, name="best")
    smooth = tf.one_hot(tokens[:, 1:], vocabulary, on_value=0.9, off_value=0.01)
    entropy = tf.nn.softmax_cross_entropy_with_logits_v2(labels=tf.stop_gradient(smooth), logits=logits[:, :-1])
    weights = 1.0 - padding[:, 1:]
    loss = tf.div(tf.reduce_sum(entropy * weights), tf.reduce_sum(weights), name="loss")
    step = tf.train.get_or_create_global_step()
    rate = 0.1 * tf.minimum(tf.to_float(step + 1) ** -0.5, tf.to_float(step + 1) * 4**-1.5)
    optimizer = tf.contrib.opt.LazyAdamOptimizer(rate, beta2=0.98, epsilon=1e-9)
    tf.contrib.layers.optimize_loss(loss, step, None, optimizer, clip_gradients=2.0, name="training")
    random = np.random.RandomState(2)
    feeds = [{"tokens:0": np.where(np.arange(6) < [[6], [4]], random.randint(1, 11, [2, 6]), 0)} for _ in range(3)]
    return {"train": ["training/control_dependency:0"], "feeds": feeds, "infer": ["best:0"]}


def resnet(tf):
    """A residual network by slim's own blocks, with batch normalisation, weight decay and moving averages."""
    slim = tf.contrib.slim
    from tensorflow.contrib.slim.nets import resnet_utils, resnet_v2

    images = tf.placeholder(tf.float32, [None, 17, 17, 3], name="images")
    labels = tf.placeholder(tf.int64, [None], name="labels")
    training = tf.placeholder_with_default(False, [], name="training")
    with slim.arg_scope(resnet_utils.resnet_arg_scope(batch_norm_decay=0.8)):
        with slim.arg_scope([slim.batch_norm], is_training=training):
            blocks = [resnet_v2.resnet_v2_block("block1", base_depth=2, num_units=2, stride=2),
                      resnet_v2.resnet_v2_block("block2", base_depth=2, num_units=1, stride=1)]  # fmt: skip
            net, _ = resnet_v2.resnet_v2(images, blocks, num_classes=4, is_training=None, global_pool=True,
                                         include_root_block=True, scope="resnet")  # fmt: skip
    net = tf.squeeze(net, [1, 2])
    tf.nn.softmax(net, name="probabilities")
    slim.losses.sparse_softmax_cross_entropy(net, labels)
    loss = tf.identity(slim.losses.get_total_loss(), name="loss")
    step = slim.get_or_create_global_step()
    averages = tf.train.ExponentialMovingAverage(0.9, step)
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    with tf.control_dependencies(updates):
        train = tf.train.MomentumOptimizer(0.002, 0.9, use_nesterov=True).minimize(loss, step)
    with tf.control_dependencies([train]):
        averages.apply(tf.trainable_variables())
        tf.group(train, *[v for v in tf.get_default_graph().get_operations() if v.name == "group_deps"], name="step")
    random = np.random.RandomState(3)
    feeds = [{"images:0": random.randn(4, 17, 17, 3), "labels:0": random.randint(0, 4, [4]), "training:0": True}
             for _ in range(3)]  # fmt: skip
    return {"train": ["loss:0", "step"], "feeds": feeds, "infer": ["probabilities:0"]}


def gan(tf):
    """Two networks against each other, with transposed convolutions, batch normalisation and two optimizers."""
    real = tf.placeholder(tf.float32, [6, 8, 8, 1], name="real")
    noise = tf.random_uniform([6, 4], -1.0, 1.0, seed=4, name="noise")

    def generator(z):
        with tf.variable_scope("generator"):
            net = tf.layers.batch_normalization(tf.layers.dense(z, 2 * 2 * 4), training=True)
            net = tf.nn.relu(tf.reshape(net, [-1, 2, 2, 4]))
            net = tf.layers.conv2d_transpose(net, 3, 5, 2, padding="same")
            net = tf.nn.leaky_relu(tf.layers.batch_normalization(net, training=True))
            return tf.tanh(tf.layers.conv2d_transpose(net, 1, 5, 2, padding="same"), name="made")

    def discriminator(x):
        with tf.variable_scope("discriminator", reuse=tf.AUTO_REUSE):
            net = tf.nn.leaky_relu(tf.layers.conv2d(x, 3, 5, 2, padding="same"), 0.2)
            net = tf.layers.dropout(net, 0.3, training=True, seed=5)
            return tf.layers.dense(tf.layers.flatten(net), 1)

    fake = generator(noise)
    told, taken = discriminator(real), discriminator(fake)
    cross = tf.losses.sigmoid_cross_entropy
    loss_d = cross(tf.ones_like(told), told, label_smoothing=0.1) + cross(tf.zeros_like(taken), taken)
    loss_g = cross(tf.ones_like(taken), taken)
    mixed = real + tf.random_uniform([6, 1, 1, 1], seed=6) * (fake - real)
    slope = tf.gradients(discriminator(mixed), [mixed])[0]
    penalty = tf.reduce_mean(tf.square(tf.norm(tf.reshape(slope, [6, -1]), axis=1) - 1.0))
    loss_d = tf.identity(loss_d + 10.0 * penalty, "loss_d")
    tf.identity(loss_g, "loss_g")
    tf.train.AdamOptimizer(0.002, 0.5).minimize(
        loss_d, var_list=tf.trainable_variables("discriminator"), name="train_d"
    )
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        tf.train.AdamOptimizer(0.002, 0.5).minimize(
            loss_g, var_list=tf.trainable_variables("generator"), name="train_g"
        )
    feeds = [{"real:0": np.random.RandomState(i).randn(6, 8, 8, 1)} for i in range(3)]
    return {"train": ["loss_d:0", "train_d"], "and": ["loss_g:0", "train_g"], "feeds": feeds,
            "infer": ["generator/made:0"]}  # fmt: skip


def word2vec(tf):
    """Skip-grams with noise-contrastive estimation and nearest neighbours."""
    words = tf.placeholder(tf.int32, [None], name="words")
    context = tf.placeholder(tf.int32, [None, 1], name="context")
    table = tf.Variable(tf.random_uniform([30, 6], -1.0, 1.0, seed=1), name="table")
    weights = tf.Variable(tf.truncated_normal([30, 6], stddev=0.4, seed=2), name="weights")
    biases = tf.Variable(tf.zeros([30]), name="biases")
    losses = tf.nn.nce_loss(weights, biases, context, tf.nn.embedding_lookup(table, words), 5, 30)
    loss = tf.reduce_mean(losses, name="loss")
    sampled = tf.nn.sampled_softmax_loss(weights, biases, context, tf.nn.embedding_lookup(table, words), 5, 30, seed=3)
    both = loss + 0.1 * tf.reduce_mean(sampled)
    tf.train.AdagradOptimizer(0.5).minimize(both, name="train")
    normal = tf.nn.l2_normalize(table, 1)
    tf.nn.top_k(tf.matmul(tf.nn.embedding_lookup(normal, words), normal, transpose_b=True), 4, name="near")
    random = np.random.RandomState(4)
    feeds = [{"words:0": random.randint(0, 30, [8]), "context:0": random.randint(0, 30, [8, 1])} for _ in range(3)]
    return {"train": ["loss:0", "train"], "feeds": feeds, "infer": ["near:1"]}


def speech(tf):
    """A recogniser: convolutions, cells in one node and a fused LSTM, CTC, greedy and beam decoding, edit distance."""
    sound = tf.placeholder(tf.float32, [None, None, 5], name="sound")
    lengths = tf.placeholder(tf.int32, [None], name="lengths")
    labels = tf.sparse_placeholder(tf.int32, name="labels")
    net = tf.layers.conv1d(sound, 4, 3, padding="same", activation=tf.nn.relu)
    cells = [tf.contrib.rnn.LSTMBlockCell(4, name="a"), tf.contrib.rnn.GRUBlockCellV2(4, name="c")]
    stack = tf.nn.rnn_cell.MultiRNNCell(cells)
    outputs, _ = tf.nn.dynamic_rnn(stack, net, lengths, dtype=tf.float32, time_major=False)
    fused = tf.contrib.rnn.LSTMBlockFusedCell(4, name="fused", use_peephole=True)
    outputs, _ = fused(tf.transpose(outputs, [1, 0, 2]), dtype=tf.float32, sequence_length=lengths)
    logits = tf.layers.dense(outputs, 6)
    loss = tf.reduce_mean(tf.nn.ctc_loss(labels, logits, lengths, ignore_longer_outputs_than_inputs=True), name="loss")
    (greedy,), _ = tf.nn.ctc_greedy_decoder(logits, lengths)
    (beams, _), scores = tf.nn.ctc_beam_search_decoder(logits, lengths, beam_width=5, top_paths=2)
    tf.sparse_tensor_to_dense(greedy, default_value=-1, name="greedy")
    tf.sparse_tensor_to_dense(beams, default_value=-1, name="beams")
    tf.identity(scores, "scores")
    tf.reduce_mean(tf.edit_distance(tf.cast(greedy, tf.int32), labels), name="distance")
    tf.train.GradientDescentOptimizer(0.1).minimize(loss, name="train")
    random = np.random.RandomState(5)
    feeds = [
        {"sound:0": random.randn(2, 7, 5), "lengths:0": [7, 5], "labels/indices:0": [[0, 0], [0, 1], [1, 0]],
         "labels/values:0": [1, 3, 2], "labels/shape:0": [2, 2]} for _ in range(3)
    ]  # fmt: skip
    return {"train": ["loss:0", "train"], "feeds": feeds, "infer": ["greedy:0", "scores:0", "distance:0"]}


def dqn(tf):
    """Deep Q-learning: two networks, copies by `assign`, Huber loss, exploration inside the graph by `cond`."""
    states = tf.placeholder(tf.float32, [None, 4], name="states")
    after = tf.placeholder(tf.float32, [None, 4], name="after")
    actions = tf.placeholder(tf.int32, [None], name="actions")
    rewards = tf.placeholder(tf.float32, [None], name="rewards")
    done = tf.placeholder(tf.bool, [None], name="done")

    def network(x, scope):
        with tf.variable_scope(scope):
            hidden = tf.contrib.layers.fully_connected(x, 6, tf.nn.elu, scope="fc")
            value = tf.contrib.layers.fully_connected(hidden, 1, None, scope="value")
            advantage = tf.contrib.layers.fully_connected(hidden, 3, None, scope="advantage")
            return value + advantage - tf.reduce_mean(advantage, 1, keepdims=True)

    online, frozen = network(states, "online"), network(after, "frozen")
    chosen = tf.reduce_sum(online * tf.one_hot(actions, 3), 1)
    target = rewards + 0.9 * tf.where(done, tf.zeros_like(rewards), tf.reduce_max(frozen, 1))
    loss = tf.identity(tf.losses.huber_loss(tf.stop_gradient(target), chosen), "loss")
    step = tf.train.get_or_create_global_step()
    optimizer = tf.train.AdamOptimizer(0.01)
    pairs = optimizer.compute_gradients(loss, tf.trainable_variables("online"))
    pairs = [(tf.clip_by_norm(g, 1.0), v) for g, v in pairs]
    train = optimizer.apply_gradients(pairs, step)

    def copy():
        pairs = zip(tf.trainable_variables("online"), tf.trainable_variables("frozen"))
        return tf.group(*[b.assign(a) for a, b in pairs])

    with tf.control_dependencies([train]):
        tf.cond(tf.equal(tf.mod(step.read_value(), 2), 0), copy, tf.no_op, name="copy")
    epsilon = tf.train.polynomial_decay(1.0, step, 5, 0.3)
    draw = tf.random_uniform([], seed=9)
    tf.cond(draw < epsilon, lambda: tf.random_uniform([tf.shape(states)[0]], 0, 3, tf.int64, seed=8),
            lambda: tf.argmax(online, 1), name="act")  # fmt: skip
    random = np.random.RandomState(6)
    feeds = [
        {"states:0": random.randn(5, 4), "after:0": random.randn(5, 4), "actions:0": random.randint(0, 3, 5),
         "rewards:0": random.randn(5), "done:0": random.rand(5) < 0.3} for _ in range(3)
    ]  # fmt: skip
    return {"train": ["loss:0", "copy/Merge:0"], "feeds": feeds, "infer": ["act/Merge:0"]}


def iterators(tf):
    """A model behind tf.data: a one-shot, an initialisable and a feedable iterator."""
    x = np.arange(24, dtype="f").reshape(8, 3)
    data = tf.data.Dataset.from_tensor_slices((x, x.sum(1))).map(lambda a, b: (a * 2.0, b))
    data = data.shuffle(8, 1).repeat().batch(4)
    once = data.make_one_shot_iterator()
    again = tf.data.make_initializable_iterator(data)
    handle = tf.placeholder_with_default(once.string_handle(), [], name="handle")
    fed = tf.data.Iterator.from_string_handle(handle, data.output_types, data.output_shapes)
    a, b = fed.get_next(name="next")
    once.get_next(name="of_once"), again.get_next(name="of_again")
    tf.add_to_collection(tf.GraphKeys.TABLE_INITIALIZERS, again.initializer)
    logits = tf.layers.dense(a, 1)
    loss = tf.identity(tf.losses.mean_squared_error(b, tf.squeeze(logits, 1)), "loss")
    tf.train.AdamOptimizer(0.1).minimize(loss, tf.train.get_or_create_global_step(), name="train")
    random = np.random.RandomState(7)
    feeds = [{"next:0": random.randn(4, 3), "next:1": random.randn(4)} for _ in range(3)]
    return {"train": ["loss:0", "train"], "feeds": feeds, "infer": [logits.name]}


def estimator(tf, folder):
    """What an Estimator leaves in its folder after some steps, and its export for serving."""

    def model(features, labels, mode, params):
        columns = [
            tf.feature_column.numeric_column("size", [2]),
            tf.feature_column.embedding_column(tf.feature_column.categorical_column_with_vocabulary_list(
                "colour", ["red", "green", "blue"], num_oov_buckets=1), 3),
            tf.feature_column.indicator_column(tf.feature_column.categorical_column_with_hash_bucket("word", 5)),
        ]  # fmt: skip
        net = tf.feature_column.input_layer(features, columns)
        net = tf.layers.dense(net, 6, tf.nn.selu)
        net = tf.layers.batch_normalization(net, training=mode == tf.estimator.ModeKeys.TRAIN)
        net = tf.layers.dropout(net, 0.2, training=mode == tf.estimator.ModeKeys.TRAIN, seed=3)
        head = tf.contrib.estimator.multi_class_head(3)
        optimizer = tf.train.FtrlOptimizer(params["rate"], l1_regularization_strength=0.001)
        with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
            logits = tf.layers.dense(net, 3)
        return head.create_estimator_spec(features, mode, logits, labels, optimizer)

    def examples():
        random = np.random.RandomState(8)
        words = np.array([b"red", b"green", b"blue", b"black"])
        x = {"size": random.randn(12, 2).astype("f"), "colour": words[random.randint(0, 4, 12)],
             "word": words[random.randint(0, 4, 12)]}  # fmt: skip
        data = tf.data.Dataset.from_tensor_slices((x, random.randint(0, 3, 12)))
        return data.repeat().batch(4)

    made = tf.estimator.Estimator(model, folder, tf.estimator.RunConfig(tf_random_seed=4, save_summary_steps=2),
                                  {"rate": 0.1})  # fmt: skip
    made.train(examples, steps=3)
    size, text = tf.FixedLenFeature([2], tf.float32), tf.FixedLenFeature([], tf.string)
    receiver = tf.estimator.export.build_parsing_serving_input_receiver_fn({"size": size, "colour": text, "word": text})
    return made.export_saved_model(os.path.join(folder, "export"), receiver).decode()


def linear(tf, folder):
    """A canned Estimator, wide and deep, and its export."""
    wide = [tf.feature_column.crossed_column(["a", tf.feature_column.bucketized_column(
        tf.feature_column.numeric_column("b"), [0.0, 1.0])], 7)]  # fmt: skip
    deep = [tf.feature_column.numeric_column("b"), tf.feature_column.embedding_column(
        tf.feature_column.categorical_column_with_hash_bucket("a", 5), 2, combiner="sqrtn")]  # fmt: skip
    made = tf.estimator.DNNLinearCombinedClassifier(
        folder, wide, dnn_feature_columns=deep, dnn_hidden_units=[4, 3], dnn_dropout=0.1,
        config=tf.estimator.RunConfig(tf_random_seed=4),
    )  # fmt: skip

    def examples():
        random = np.random.RandomState(9)
        x = {"a": np.array([b"x", b"y", b"z"])[random.randint(0, 3, 8)], "b": random.randn(8).astype("f")}
        return tf.data.Dataset.from_tensor_slices((x, random.randint(0, 2, 8))).repeat().batch(4)

    made.train(examples, steps=3)
    spec = tf.feature_column.make_parse_example_spec(wide + deep)
    receiver = tf.estimator.export.build_parsing_serving_input_receiver_fn(spec)
    return made.export_saved_model(os.path.join(folder, "export"), receiver).decode()


LOSSES = {"estimator": "head/weighted_loss/Sum:0", "linear": "head/weighted_loss/Sum:0"}


def batches(name):
    """What an Estimator's iterator is fed with."""
    found = []
    for i in range(3):
        random = np.random.RandomState(i)
        names = ["colour", "size", "word"] if name == "estimator" else ["a", "b"]
        words = np.array([b"red", b"blue", b"pink", b"x"])
        rows = [random.randn(4, 2) if n == "size" else random.randn(4) if n == "b" else words[random.randint(0, 4, 4)]
                for n in names]  # fmt: skip
        rows.append(random.randint(0, 3 if name == "estimator" else 2, 4))
        found.append({f"IteratorGetNext:{j}": row.astype("f") if row.dtype == np.float64 else row
                      for j, row in enumerate(rows)})  # fmt: skip
    return found


ESTIMATORS = {f.__name__: f for f in (estimator, linear)}
PROGRAMS = {f.__name__: f for f in (detector, translator, transformer, resnet, gan, word2vec, speech, dqn, iterators)}


def steps(session, told, count):
    """What a session gives in one step of inference, and in some of training."""
    found = {}
    for name, value in zip(told["infer"], session.run(told["infer"], told["feeds"][0])):
        found["infer/" + name] = value
    for i in range(count):
        for key in ("train", "and"):
            if key in told:
                values = session.run(told[key], told["feeds"][i])
                for name, value in zip(told[key], values):
                    if value is not None:
                        found[f"{i}/{name}"] = value
    return found


def record(name):
    """Builds a program, trains it, saves it, goes on from the file."""
    import tensorflow as tf

    folder = tempfile.mkdtemp()
    results = {}
    with tf.Graph().as_default():
        tf.set_random_seed(11)
        told = PROGRAMS[name](tf)
        tf.global_variables_initializer(), tf.local_variables_initializer()
        saver = tf.train.Saver()
        with tf.Session() as session:
            session.run(tf.get_default_graph().get_operation_by_name("init"))
            steps(session, told, 2)
            path = saver.save(session, os.path.join(folder, "model"))
    with tf.Graph().as_default():
        saver = tf.train.import_meta_graph(path + ".meta", clear_devices=True)
        with tf.Session() as session:
            saver.restore(session, path)
            for key, value in steps(session, told, 3).items():
                results[f"{name}/value/{key}"] = value
    for ending in (".meta", ".index", ".data-00000-of-00001"):
        with open(path + ending, "rb") as file:
            results[name + "/file/model" + ending] = np.frombuffer(file.read(), np.uint8)
    for i, feed in enumerate(told["feeds"]):
        for key, value in feed.items():
            kind = np.asarray(value)
            results[f"{name}/feed/{i}/{key}"] = kind.astype("f") if kind.dtype == np.float64 else kind
    for key in ("train", "and", "infer"):
        results[f"{name}/told/{key}"] = np.asarray(told.get(key, []), "U")
    shutil.rmtree(folder)
    return results


def serialized(tf):
    """Examples to ask the exported models about."""

    def feature(value):
        if isinstance(value, bytes):
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        return tf.train.Feature(float_list=tf.train.FloatList(value=np.ravel(value)))

    rows = [{"size": [0.5, -1.0], "colour": b"red", "word": b"old", "a": b"x", "b": 0.5},
            {"size": [2.0, 0.1], "colour": b"pink", "word": b"new", "a": b"q", "b": 3.0}]  # fmt: skip
    features = [tf.train.Features(feature={k: feature(v) for k, v in row.items()}) for row in rows]
    return [tf.train.Example(features=each).SerializeToString() for each in features]


def continued(tf, path, told):
    """Restores an Estimator's checkpoint and goes on, the batches fed in the place of its iterator."""
    with tf.Graph().as_default() as graph:
        saver = tf.train.import_meta_graph(path + ".meta")
        with tf.Session() as session:
            saver.restore(session, path)
            session.run(tf.get_collection(tf.GraphKeys.LOCAL_INIT_OP)[0])
            missing = tf.get_collection(tf.GraphKeys.READY_OP)[0]
            found = {"missing": np.array(session.run(missing), "S")}
            for i, feed in enumerate(told["feeds"]):
                train = graph.get_collection("train_op")[0]
                loss, _ = session.run([told["loss"], train], feed)
                found[f"{i}/loss"] = loss
            found["step"] = session.run("global_step:0")
    return found


def record_estimator(name):
    """Trains an Estimator, goes on from its files, asks its export."""
    import tensorflow as tf

    folder = tempfile.mkdtemp()
    exported = ESTIMATORS[name](tf, folder)
    results = {}
    path = tf.train.latest_checkpoint(folder)
    with tf.Graph().as_default() as graph, tf.Session() as session:
        signatures = tf.saved_model.loader.load(session, ["serve"], exported).signature_def
        inputs = {"inputs": serialized(tf), "examples": serialized(tf)}
        for key, signature in signatures.items():
            wanted = {k: v.name for k, v in signature.outputs.items()}
            feed = {v.name: inputs[k] for k, v in signature.inputs.items() if k in inputs}
            for k, v in session.run(wanted, feed).items():
                v = v.astype("S") if v.dtype == object else v
                results[f"{name}/value/served/{key}/{k}"] = v
        del graph
    results[name + "/asked"] = np.array(serialized(tf), "S")
    files = [(os.path.join(around, file), "export/" + os.path.relpath(os.path.join(around, file), exported))
             for around, _, names in os.walk(exported) for file in names]  # fmt: skip
    files += [(file, "model" + file[len(path) :]) for file in glob.glob(path + ".*")]
    for file, short in files:
        with open(file, "rb") as stream:
            results[f"{name}/file/{short}"] = np.frombuffer(stream.read(), np.uint8)
    told = {"loss": LOSSES[name], "feeds": batches(name)}
    for i, feed in enumerate(told["feeds"]):
        for key, value in feed.items():
            results[f"{name}/feed/{i}/{key}"] = value
    for key, value in continued(tf, path, told).items():
        results[f"{name}/value/{key}"] = value
    results[name + "/told/loss"] = np.asarray(told["loss"])
    shutil.rmtree(folder)
    return results


def main():
    """Writes models_of_tf1.npz."""
    path = os.path.join(HERE, "models_of_tf1.npz")
    results = dict(np.load(path)) if os.path.exists(path) and sys.argv[1:] else {}
    for name in sys.argv[1:] or (*PROGRAMS, *ESTIMATORS):
        results = {key: value for key, value in results.items() if not key.startswith(name + "/")}
        found = record(name) if name in PROGRAMS else record_estimator(name)
        results.update(found)
        print(name, {k: v for k, v in found.items() if "/value/" in k and v.size == 1})
    np.savez_compressed(path, **results)
    print(os.path.getsize(path))


if __name__ == "__main__":
    main()
