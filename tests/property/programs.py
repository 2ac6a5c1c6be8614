"""Random TF1 programs as lines of source: what a failing test prints can be run as it stands.

    x0 = tf.placeholder(tf.float32, [None, 3])     a program is a list of such lines,
    x1 = tf.matmul(x0, x0, transpose_b=True)       made of what hypothesis draws
    x2 = x1[0:1, ...]

`Graphs` draws lines whose shapes fit: it follows the shapes of all tensors made so far. Values stay between -2 and 2
where it matters, so that rounding is not amplified beyond a tolerance.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

UNARY = (
    "tf.tanh({x})", "tf.sigmoid({x})", "-{x}", "tf.abs({x})", "tf.square({x})", "tf.nn.relu({x})", "tf.sin({x})",
    "tf.exp(tf.tanh({x}))", "tf.sqrt(tf.abs({x}) + 1.0)", "tf.sign({x})", "tf.identity({x})", "tf.stop_gradient({x})",
    "{x} * 0.5", "1.0 - {x}", "tf.log(tf.square({x}) + 1.0)", "tf.floor({x})", "tf.clip_by_value({x}, -0.5, 0.75)",
    "tf.zeros_like({x})", "tf.cast({x} > 0.0, tf.float32)", "tf.nn.softplus({x})",
)  # fmt: skip
BINARY = (
    "{x} + {y}", "{x} - {y}", "{x} * {y}", "tf.maximum({x}, {y})", "tf.minimum({x}, {y})",
    "{x} / (tf.abs({y}) + 1.0)", "tf.squared_difference({x}, {y})", "tf.where({x} > {y}, {x}, {y})",
)  # fmt: skip
REDUCTIONS = ("reduce_sum", "reduce_mean", "reduce_max", "reduce_min", "reduce_prod")


@dataclass
class Program:
    """A graph as lines of source: its placeholders, the values fed to them, and the shape of each tensor."""

    lines: list[str] = field(default_factory=list)
    feeds: dict[str, np.ndarray] = field(default_factory=dict)
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    fetches: list[str] = field(default_factory=list)
    fed_between: str | None = None
    gradient_of: str | None = None

    def add(self, expression: str, shape: tuple[int, ...]) -> str:
        name = f"x{len(self.shapes)}"
        self.lines.append(f"{name} = {expression}")
        self.shapes[name] = shape
        return name

    def feed_of(self) -> dict[str, np.ndarray]:
        """What is fed, by variable name: all placeholders, and perhaps a tensor in between."""
        fed = dict(self.feeds)
        if self.fed_between is not None:
            shape = self.shapes[self.fed_between]
            fed[self.fed_between] = np.linspace(-1.0, 1.0, int(np.prod(shape)), dtype=np.float32).reshape(shape)
        return fed

    def run(self, tf: Any) -> Any:
        """Runs the program; returns the static shapes of all tensors, the values fetched, and the gradients."""
        space: dict[str, Any] = {"tf": tf, "np": np}
        for line in self.lines:
            exec(line, space)
        wanted = [space[n] for n in self.fetches]
        if self.gradient_of is not None:
            sources = [space[n] for n in self.feeds]
            grads = tf.gradients(space[self.gradient_of], sources)
            # TensorFlow's loops hand on IndexedSlices as such; it is the numbers that count.
            wanted.append([tf.convert_to_tensor(g) for g in grads if g is not None])
            missing = [g is None for g in grads]
        else:
            missing = []
        # TensorFlow's graph optimizer may move tanh before the addition, and then a sum that is fed counts for nothing:
        #   x1 = x0 + x0; x2 = tanh(x1); x3 = tanh(x0); run(x2, {x0: 0.0625, x1: -1.0}) gives tanh(0.125).
        options = tf.GraphOptions()
        options.rewrite_options.disable_meta_optimizer = True
        with tf.Session(config=tf.ConfigProto(graph_options=options)) as session:
            values = session.run(wanted, {space[n]: value for n, value in self.feed_of().items()})
        return [space[n].shape for n in self.shapes], missing, values

    def script(self) -> str:
        """The program as a script that stands alone."""
        feeds = ", ".join(
            f"{n}: np.array({v.tolist()}, np.float32).reshape({v.shape})" for n, v in self.feed_of().items()
        )
        wanted = list(self.fetches)
        if self.gradient_of is not None:
            grads = f"tf.gradients({self.gradient_of}, [{', '.join(self.feeds)}])"
            wanted.append(f"[tf.convert_to_tensor(g) for g in {grads} if g is not None]")
        return "\n".join(
            [
                "import numpy as np", "import scopedjax as tf", *self.lines,
                f"print(tf.Session().run([{', '.join(wanted)}], {{{feeds}}}))",
            ]
        )  # fmt: skip


def _placeholder(draw: Any, program: Program) -> None:
    shape = tuple(draw(st.lists(st.integers(1, 3), min_size=0, max_size=3)))
    static = [None if draw(st.booleans()) else d for d in shape]
    shown: Any = None if draw(st.integers(0, 7)) == 0 else static
    name = program.add(f"tf.placeholder(tf.float32, {shown})", shape)
    size = int(np.prod(shape))
    numbers = draw(st.lists(st.integers(-8, 8), min_size=size, max_size=size))
    # Quarters and an offset: exact in float32, and no two of them meet where a maximum or a sign changes.
    program.feeds[name] = (np.array(numbers, np.float32) / 4 + np.float32(0.0625)).reshape(shape)


def _unary(draw: Any, program: Program, x: str) -> None:
    program.add(draw(st.sampled_from(UNARY)).format(x=x), program.shapes[x])


def _binary(draw: Any, program: Program, x: str) -> None:
    mine = program.shapes[x]
    same = [n for n, s in program.shapes.items() if s == mine]
    broad = [n for n, s in program.shapes.items() if s != mine and _broadcast(mine, s) is not None]
    y = draw(st.sampled_from(broad if broad and draw(st.booleans()) else same))
    patterns = [b for b in BINARY if "where" not in b or program.shapes[y] == mine]
    shape = _broadcast(mine, program.shapes[y])
    program.add(draw(st.sampled_from(patterns)).format(x=x, y=y), shape or ())


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...] | None:
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        return None


def _reduction(draw: Any, program: Program, x: str) -> None:
    shape = program.shapes[x]
    axes = sorted(draw(st.sets(st.integers(0, len(shape) - 1)))) if shape else []
    keep = draw(st.booleans())
    how = draw(st.sampled_from(REDUCTIONS))
    left = tuple(1 if i in axes else d for i, d in enumerate(shape) if keep or i not in axes)
    if not axes:
        program.add(f"tf.{how}({x}, keepdims={keep})", (1,) * len(shape) if keep else ())
    else:
        program.add(f"tf.{how}({x}, {axes}, keepdims={keep})", left)


def _reshape(draw: Any, program: Program, x: str) -> None:
    shape = program.shapes[x]
    size = int(np.prod(shape))
    choices = [(size,), (1, size), (size, 1), *((d, size // d) for d in (2, 3) if size % d == 0)]
    new = draw(st.sampled_from(choices))
    kind = draw(st.integers(0, 4))
    if kind == 0:
        program.add(f"tf.reshape({x}, {[-1, *new[1:]]})", new)
    elif kind == 1 and shape:
        program.add(f"tf.reshape({x}, [tf.shape({x})[0], -1])", (shape[0], size // shape[0]))
    elif kind == 2 and len(shape) > 1:
        order = draw(st.permutations(range(len(shape))))
        program.add(f"tf.transpose({x}, {list(order)})", tuple(shape[i] for i in order))
    elif kind == 3:
        axis = draw(st.integers(0, len(shape)))
        program.add(f"tf.expand_dims({x}, {axis})", (*shape[:axis], 1, *shape[axis:]))
    else:
        program.add(f"tf.reshape({x}, {list(new)})", new)


def _matmul(draw: Any, program: Program, x: str) -> None:
    shape = program.shapes[x]
    if len(shape) != 2:
        _reshape(draw, program, x)
        return
    fits = [n for n, s in program.shapes.items() if len(s) == 2 and s[0] == shape[1]]
    if fits and draw(st.booleans()):
        y = draw(st.sampled_from(fits))
        program.add(f"tf.matmul({x}, {y})", (shape[0], program.shapes[y][1]))
    elif draw(st.booleans()):
        program.add(f"tf.matmul({x}, {x}, transpose_a=True)", (shape[1], shape[1]))
    else:
        program.add(f"tf.matmul({x}, {x}, transpose_b=True)", (shape[0], shape[0]))


def _join(draw: Any, program: Program, x: str) -> None:
    shape = program.shapes[x]
    same = [n for n, s in program.shapes.items() if s == shape]
    others = [draw(st.sampled_from(same)) for _ in range(draw(st.integers(1, 2)))]
    listed = f"[{', '.join([x, *others])}]"
    if not shape or draw(st.booleans()):
        axis = draw(st.integers(0, len(shape)))
        program.add(f"tf.stack({listed}, {axis})", (*shape[:axis], 1 + len(others), *shape[axis:]))
    else:
        axis = draw(st.integers(0, len(shape) - 1))
        sizes = tuple(d * (1 + len(others)) if i == axis else d for i, d in enumerate(shape))
        program.add(f"tf.concat({listed}, {axis})", sizes)


def _cut(draw: Any, program: Program, x: str) -> None:
    shape = program.shapes[x]
    if not shape:
        _unary(draw, program, x)
        return
    size, kind = shape[0], draw(st.integers(0, 3))
    at = draw(st.integers(0, size - 1))
    if kind == 0:
        program.add(f"{x}[{at}]", shape[1:])
    elif kind == 1:
        step = draw(st.sampled_from([1, 2, -1]))
        program.add(f"{x}[::{step}, ..., tf.newaxis]", (len(range(0, size, abs(step))), *shape[1:], 1))
    elif kind == 2:
        program.add(f"tf.slice({x}, {[at] + [0] * (len(shape) - 1)}, {[-1] * len(shape)})", (size - at, *shape[1:]))
    else:
        picks = draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=3))
        program.add(f"tf.gather({x}, {picks})", (len(picks), *shape[1:]))


STEPS = (_unary, _unary, _binary, _binary, _reduction, _reshape, _matmul, _join, _cut)


@st.composite
def graphs(draw: Any, steps: Any = STEPS) -> Program:
    """Programs of one to three placeholders and up to ten further nodes of at most 64 elements."""
    program = Program()
    for _ in range(draw(st.integers(1, 3))):
        _placeholder(draw, program)
    for _ in range(draw(st.integers(1, 10))):
        small = [n for n, s in program.shapes.items() if int(np.prod(s)) <= 64]
        draw(st.sampled_from(steps))(draw, program, draw(st.sampled_from(small)))
    made = [n for n in program.shapes if n not in program.feeds]
    if len(made) > 1 and draw(st.integers(0, 3)) == 0:
        program.fed_between = draw(st.sampled_from(made[:-1]))
    elif draw(st.booleans()):
        program.gradient_of = made[-1]
    # What is fed comes back as it was fed: only what is computed says anything.
    computed = [n for n in made if n != program.fed_between]
    program.fetches = draw(st.lists(st.sampled_from(computed), min_size=1, max_size=3))
    return program


# ------------------------------------------------------------------------------------------------- scope programs


@dataclass
class ScopeProgram:
    """Nested scopes and variables as indented lines."""

    lines: list[str] = field(default_factory=list)

    def source(self) -> str:
        return "\n".join(self.lines)

    def run(self, tf: Any) -> Any:
        """Runs the lines; returns what was seen, the variables and all nodes, and the error that ended it, by type."""
        seen: list[Any] = []
        error = None
        try:
            exec(self.source(), {"tf": tf, "seen": seen})
        except (ValueError, TypeError, KeyError) as raised:
            error = [t.__name__ for t in type(raised).__mro__ if t.__module__ == "builtins"]
        graph = tf.get_default_graph()
        return (
            seen, error, [v.name for v in tf.global_variables()], [v.name for v in tf.trainable_variables()],
            [(o.name, o.type) for o in graph.get_operations()],
        )  # fmt: skip

    def script(self) -> str:
        """The program as a script that stands alone."""
        return f"import scopedjax as tf\nseen = []\n{self.source()}\nprint(seen, tf.global_variables())"


NAMES = st.sampled_from(["a", "b", "A", "a/b"])
REUSE = st.sampled_from(["", "", ", reuse=True", ", reuse=tf.AUTO_REUSE", ", reuse=False", ", reuse=None"])


def _leaf(draw: Any) -> str:
    kind = draw(st.integers(0, 7))
    name = draw(NAMES)
    if kind <= 2:
        return f"seen.append(tf.get_variable({name!r}, {draw(st.sampled_from([[], [2]]))}).name)"
    if kind == 3:
        return f"seen.append(tf.Variable(1.0, name={name!r}).name)"
    if kind == 4:
        return f"seen.append(tf.constant(1.0, name={name!r}).name)"
    if kind == 5:
        return "now = tf.get_variable_scope(); seen.append((now.name, now.reuse is True, bool(now.reuse)))"
    if kind == 6:
        return "tf.get_variable_scope().reuse_variables()" if draw(st.integers(0, 3)) == 0 else "tf.no_op()"
    return f"seen.append(tf.get_variable({name!r}, initializer=2.0, trainable=False).name)"


def _header(draw: Any, entered: int) -> str:
    kind = draw(st.integers(0, 6))
    name = draw(NAMES)
    aux = ", auxiliary_name_scope=False" if draw(st.integers(0, 5)) == 0 else ""
    if kind == 0:
        return f"tf.name_scope({name!r})"
    if kind == 1:
        return f"tf.variable_scope(None, {name!r}{draw(REUSE)}{aux})"
    if kind == 2 and entered:
        return f"tf.variable_scope(scope{draw(st.integers(0, entered - 1))}{draw(REUSE)}{aux})"
    if kind == 3:
        return f"tf.variable_scope(tf.get_variable_scope(){draw(REUSE)}{aux})"
    return f"tf.variable_scope({name!r}{draw(REUSE)}{aux})"


@st.composite
def scope_programs(draw: Any) -> ScopeProgram:
    """Programs of up to five blocks, nested up to three deep."""
    program = ScopeProgram()
    depth = entered = 0
    for _ in range(draw(st.integers(2, 9))):
        indent = "    " * depth
        if depth < 3 and draw(st.booleans()):
            header = _header(draw, entered)
            program.lines.append(f"{indent}with {header} as scope{entered}:")
            if header.startswith("tf.name_scope"):  # not a variable scope: cannot be entered again
                program.lines[-1] = f"{indent}with {header}:"
            else:
                entered += 1
            depth += 1
            indent += "    "
        program.lines.append(indent + _leaf(draw))
        depth = draw(st.integers(0, depth))
    return program
