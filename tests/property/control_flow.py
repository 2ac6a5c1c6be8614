"""Random TF1 programs of nested branches, loops, arrays and recurrent networks, as source that can be run as it stands.

    n = tf.placeholder(tf.int32, [])                         trip counts come from data
    def f0(i, a):                                            a body takes its variables, and whatever is outside
        x5 = tf.tanh(a * x1)
        return i + 1, x5
    _, x6 = tf.while_loop(lambda i, a: i < n, f0, [0, x0])

`flow_programs` draws statements and functions. A scope knows the names that a statement may use, with their shapes.
All numbers stay small. Every tensor that is made, inside of bodies too, is put into `seen`, so that names, static
shapes and dtypes can be compared; a tensor of the outermost scope can be fetched, fed, or be part of the loss.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

UNARY = (
    "tf.tanh({x})", "tf.sin({x})", "tf.square({x}) * 0.5", "tf.sigmoid({x})", "tf.stop_gradient({x})", "-{x}",
    "tf.identity({x})", "tf.zeros_like({x})", "{x} * 0.5", "tf.nn.relu({x})", "slope({x})",
)  # fmt: skip
BINARY = ("{x} + {y}", "tf.tanh({x}) * {y}", "{x} - {y}", "tf.maximum({x}, {y})", "tf.add_n([{x}, {y}, {x}]) * 0.3")
CELLS = ("BasicRNNCell(2)", "GRUCell(2)", "BasicLSTMCell(2)", "LSTMCell(2, use_peepholes=True)")
Shape = tuple[int, ...]


@dataclass
class Scope:
    """The names that a statement may use: tensors of floats with their shapes, and scalars of int32."""

    floats: dict[str, Shape]
    ints: list[str]
    outermost: bool = False
    repeated: bool = False

    def inside(self, floats: dict[str, Shape], ints: list[str], repeated: bool) -> Scope:
        """The scope of a function: what is outside, and its parameters."""
        return Scope({**self.floats, **floats}, [*self.ints, *ints], False, self.repeated or repeated)


@dataclass
class FlowProgram:
    """A program, what is fed to it run by run, and what is asked of it.

    Attributes:
      lines: The source.
      feeds: The numbers of each run, by the name of the placeholder.
      fetches: Names of tensors of the outermost scope.
      loss: Those that the loss is made of; none for no gradients.
      sources: What the loss is differentiated by.
      between: Tensors in between that it is differentiated by; TensorFlow gives zeros or None as it happens to come.
      second: Whether to differentiate twice.
      loose: Whether TensorFlow builds functions for a part of it: other nodes, and zeros for gradients that are None.
      fed_between: A tensor that is fed besides, with its shape.
    """

    lines: list[str] = field(default_factory=list)
    feeds: list[dict[str, Any]] = field(default_factory=list)
    fetches: list[str] = field(default_factory=list)
    loss: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    between: list[str] = field(default_factory=list)
    second: bool = False
    loose: bool = False
    fed_between: tuple[str, Shape] | None = None

    def source(self) -> str:
        """The lines up to the gradients."""
        lines = [*self.lines, f"wanted = [{', '.join(self.fetches)}]"]
        if self.loss:
            total = " + ".join(f"tf.reduce_sum({x} * 0.7)" for x in self.loss)
            lines.append(f"loss, sources = {total}, [{', '.join(self.sources)}]")
            if self.second:
                lines.append("grads = [tf.convert_to_tensor(g) for g in tf.gradients(loss, sources) if g is not None]")
                lines.append("loss = tf.add_n([tf.reduce_sum(tf.sin(g)) for g in grads] or [loss])")
            zeros = ", unconnected_gradients='zero'" if self.loose else ""
            lines.append(f"grads = tf.gradients(loss, sources{zeros})")
            lines.append("wanted += [tf.convert_to_tensor(g) for g in grads if g is not None]")
            if self.between:
                inner = f"tf.gradients(loss, [{', '.join(self.between)}], unconnected_gradients='zero')"
                lines.append(f"wanted += [tf.convert_to_tensor(g) for g in {inner}]")
        return "\n".join(lines)

    def feeds_of(self, run: int) -> dict[str, Any]:
        """What a run is fed."""
        fed = dict(self.feeds[run])
        if self.fed_between is not None:
            name, shape = self.fed_between
            fed[name] = np.linspace(-1.0, 1.0, int(np.prod(shape)), dtype=np.float32).reshape(shape)
        return fed

    def run(self, tf: Any) -> Any:
        """Runs the program; returns names, shapes and dtypes, which gradients are there, values, variables."""
        real = tf.__name__.startswith("tensorflow")
        if real and self.second:
            tf.enable_control_flow_v2()  # TensorFlow's former loops have no second derivative
        try:
            return self._run(tf, real)
        finally:
            if real and self.second:
                tf.disable_control_flow_v2()

    def _run(self, tf: Any, real: bool) -> Any:
        space: dict[str, Any] = {"tf": tf, "np": np, "seen": []}
        exec(self.source(), space)
        # TensorFlow's graph optimizer may look past a tensor that is fed; see `programs.Program.run`.
        options = tf.GraphOptions()
        options.rewrite_options.disable_meta_optimizer = True
        values = []
        with tf.Session(config=tf.ConfigProto(graph_options=options)) as session:
            session.run(tf.global_variables_initializer())
            for number in range(len(self.feeds)):
                feeds = {space[n]: value for n, value in self.feeds_of(number).items()}
                values.append(session.run(space["wanted"], feeds))
                values.append(session.run(tf.global_variables()))
        if self.loose:
            return values
        missing = [g is None for g in space.get("grads", ())]
        return [(t.name, t.shape, t.dtype) for t in space["seen"]], missing, values

    def script(self) -> str:
        """The program as a script that stands alone."""
        lines = ["import numpy as np", "import scopedjax as tf", "seen = []", self.source()]
        lines += ["session = tf.Session()", "session.run(tf.global_variables_initializer())"]
        for number in range(len(self.feeds)):
            fed = ", ".join(
                f"{n}: np.array({np.asarray(v).tolist()}, np.{np.asarray(v).dtype}).reshape({np.shape(v)})"
                for n, v in self.feeds_of(number).items()
            )
            lines.append(f"print(session.run(wanted, {{{fed}}}), session.run(tf.global_variables()))")
        return "\n".join(lines)


class Writer:
    """Writes one program."""

    def __init__(self, draw: Any, wrong: bool = False) -> None:
        self.draw = draw
        self.program = FlowProgram()
        self.made = 0
        self.functions = 0
        self.indent = 0
        self.wrong = wrong  # whether one mistake is to be made, and has not yet been

    # Small helpers ---------------------------------------------------------------------------------------------------

    def pick(self, choices: Any) -> Any:
        return self.draw(st.sampled_from(list(choices)))

    def number(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def line(self, text: str) -> None:
        self.program.lines.append(textwrap.indent(text, "    " * self.indent))

    def name(self) -> str:
        self.made += 1
        return f"x{self.made - 1}"

    def note(self, scope: Scope, shapes: dict[str, Shape]) -> None:
        """Notes tensors that a line has made."""
        self.line(f"seen.extend([{', '.join(shapes)}])")
        scope.floats.update(shapes)

    def add(self, scope: Scope, expression: str, shape: Shape) -> str:
        name = self.name()
        self.line(f"{name} = {expression}")
        if expression.startswith("slope"):  # TensorFlow's nodes are others
            scope.floats[name] = shape
        else:
            self.note(scope, {name: shape})
        return name

    def of_shape(self, scope: Scope, shape: Shape) -> str:
        """An expression of a shape."""
        fits = [n for n, s in scope.floats.items() if s == shape]
        if fits and self.number(0, 5):
            return self.pick(fits[-6:])
        x = self.pick(list(scope.floats)[-8:])
        if scope.floats[x] == ():
            return f"tf.fill({list(shape)}, {x})" if shape else x
        return f"tf.fill({list(shape)}, tf.reduce_mean({x}))" if shape else f"tf.reduce_mean({x})"

    def slip(self) -> bool:
        """Whether to make the mistake here."""
        if self.wrong and self.number(0, 2) == 0:
            self.wrong = False
            return True
        return False

    def integer(self, scope: Scope) -> str:
        return self.pick([*scope.ints, str(self.number(0, 3))])

    def predicate(self, scope: Scope) -> str:
        kind = self.number(0, 2)
        if kind == 0 and scope.ints:
            return f"tf.equal({self.pick(scope.ints)} % 2, {self.number(0, 1)})"
        x = self.pick(list(scope.floats))
        return f"tf.reduce_sum({x}) > {self.number(-2, 2) / 2 + 0.1}"

    # Functions -------------------------------------------------------------------------------------------------------

    def function(self, scope: Scope, parameters: str, inner: Scope, depth: int, results: Any) -> str:
        """Writes a function; `results` gets the scope at its end and returns what it returns. Returns its name."""
        name = f"f{self.functions}"
        self.functions += 1
        self.line(f"def {name}({parameters}):")
        self.indent += 1
        for _ in range(self.number(0, 2 if depth else 3)):
            self.statement(inner, depth + 1)
        self.line(f"return {results(inner)}")
        self.indent -= 1
        return name

    def fresh(self, count: int) -> list[str]:
        self.made += count
        return [f"x{self.made - count + i}" for i in range(count)]

    # Statements ------------------------------------------------------------------------------------------------------

    def statement(self, scope: Scope, depth: int) -> None:
        simple = (self.unary, self.binary, self.with_integer, self.row_of_table, self.mixed)
        nested = (
            self.branch, self.branch, self.choice, self.loop, self.loop, self.loop, self.mapped, self.scanned,
            self.folded, self.array, self.array_in_loop, self.network, self.counted_variable, self.growing,
        )  # fmt: skip
        share = (1, 2, 4)[min(depth, 2)]
        kinds = simple if depth > 2 or self.number(0, share) >= 2 - (depth == 0) and depth else (*simple[:2], *nested)
        self.pick(kinds)(scope, depth)

    def unary(self, scope: Scope, depth: int) -> None:
        x = self.pick(list(scope.floats)[-8:])
        self.add(scope, self.pick(UNARY).format(x=x), scope.floats[x])

    def binary(self, scope: Scope, depth: int) -> None:
        x = self.pick(list(scope.floats)[-8:])
        y = self.of_shape(scope, scope.floats[x])
        self.add(scope, self.pick(BINARY).format(x=x, y=y), scope.floats[x])

    def with_integer(self, scope: Scope, depth: int) -> None:
        x = self.pick(list(scope.floats)[-8:])
        self.add(scope, f"{x} * tf.to_float({self.integer(scope)}) * 0.3", scope.floats[x])

    def row_of_table(self, scope: Scope, depth: int) -> None:
        self.add(scope, f"tf.gather(table, {self.integer(scope)} % 3)", (2,))

    def mixed(self, scope: Scope, depth: int) -> None:
        x = self.pick(list(scope.floats))
        self.add(scope, f"{x} * {self.pick(['w', 'v'])}", scope.floats[x]) if scope.floats[x] else self.unary(
            scope, depth
        )

    def branch(self, scope: Scope, depth: int) -> None:
        shapes = [self.pick([(), (2,), (2,), (3, 2)]) for _ in range(self.number(1, 2))]
        predicate = self.predicate(scope)
        form = self.pick(["tuple", "list", "dict"]) if len(shapes) > 1 else self.pick(["tensor", "tensor", "list"])
        functions = [
            self.function(scope, "", scope.inside({}, [], False), depth, lambda s: self.packed(s, shapes, form))
            for _ in range(2)
        ]
        names = self.fresh(len(shapes))
        call = f"tf.cond({predicate}, {functions[0]}, {functions[1]})"
        self.unpack(scope, names, shapes, call, "tensor" if form == "list" and len(shapes) == 1 else form)

    def packed(self, scope: Scope, shapes: list[Shape], form: str) -> str:
        """Expressions of the given shapes in a structure."""
        values = [self.of_shape(scope, s) for s in shapes]
        if self.slip():
            at = self.number(0, len(values) - 1)
            values[at] = self.pick(
                [f"tf.to_int32({values[at]})", f"tf.stack([{values[at]}] * 2)", f"({values[at]}, {values[at]})"]
            )
        if form == "tensor":
            return values[0]
        if form == "dict":
            return "{" + ", ".join(f"'k{i}': {v}" for i, v in enumerate(values)) + "}"
        return f"[{', '.join(values)}]" if form == "list" else f"({', '.join(values)},)"

    def unpack(self, scope: Scope, names: list[str], shapes: list[Shape], call: str, form: str) -> None:
        if form == "tensor":
            self.line(f"{names[0]} = {call}")
        elif form == "dict":
            self.line(f"{', '.join(names)}, = [v for _, v in sorted({call}.items())]")
        else:
            self.line(f"{', '.join(names)}, = {call}")
        self.note(scope, dict(zip(names, shapes, strict=True)))

    def choice(self, scope: Scope, depth: int) -> None:
        shape = self.pick([(), (2,)])
        numbered = bool(self.number(0, 2) == 0 and scope.ints)
        functions = [
            self.function(
                scope, "", scope.inside({}, [], False), 3 if numbered else depth,
                lambda s: self.packed(s, [shape], "tensor"),
            )
            for _ in range(3)
        ]  # fmt: skip
        if numbered:  # TensorFlow makes functions of these branches
            self.program.loose = True
            call = f"tf.switch_case({self.pick(scope.ints)} % 3, [{', '.join(functions)}])"
        else:
            pairs = ", ".join(f"({self.predicate(scope)}, {f})" for f in functions[:2])
            call = f"tf.case([{pairs}], default={functions[2]})"
        self.add(scope, call, shape)

    def loop(self, scope: Scope, depth: int) -> None:
        shapes = [self.pick([(), (2,), (2,), (3, 2)]) for _ in range(self.number(1, 3))]
        names = [f"a{depth}_{i}" for i in range(len(shapes))]
        counter = f"i{depth}"
        starts = [self.of_shape(scope, s) for s in shapes]
        form = self.pick(["flat", "flat", "tuple", "dict"])
        limit = self.pick(["n", "n", "n", str(self.number(0, 3)), *scope.ints])
        more = ""
        if self.number(0, 4) == 0:
            more = f", maximum_iterations={self.pick(['n', self.number(0, 3)])}"
        if self.number(0, 4) == 0:
            more += ", parallel_iterations=1"
        test = f"{counter} < {limit}"
        if self.number(0, 3) == 0:
            test = f"({counter} < 4) & (tf.reduce_sum(tf.abs({names[0]})) < {self.number(1, 6)}.1)"

        def results(inner: Scope) -> str:
            values = [self.of_shape(inner, s) if self.number(0, 4) else n for s, n in zip(shapes, names, strict=True)]
            if self.slip():
                at = self.number(0, len(values) - 1)
                values[at] = self.pick([f"tf.to_int32({values[at]})", f"tf.stack([{values[at]}] * 2)"])
                if self.number(0, 2) == 0:
                    values.append(values[0])
            return f"{counter} + 1, {self.structure(values, form)}"

        parameters = f"{counter}, {', '.join(names) if form == 'flat' else 's'}"
        inner = scope.inside(dict(zip(names, shapes, strict=True)), [counter], True)
        opened = {"flat": "", "tuple": f"{', '.join(names)}, = s", "dict": f"{', '.join(names)}, = s['k'], *s['r']"}
        condition = f"g{self.functions}"
        self.line(f"def {condition}({parameters}):")
        self.line(f"    {opened[form]}\n    return {test}" if opened[form] else f"    return {test}")
        body = self.body(scope, parameters, opened[form], inner, depth, results)
        call = f"tf.while_loop({condition}, {body}, (0, {self.structure(starts, form)}){more})"
        made = self.fresh(len(shapes))
        if form == "flat":
            self.line(f"_, {', '.join(made)} = {call}")
        else:
            self.line(f"_, s = {call}")
            self.line(f"{', '.join(made)}, = s" if form == "tuple" else f"{', '.join(made)}, = s['k'], *s['r']")
        self.note(scope, dict(zip(made, shapes, strict=True)))

    def body(self, scope: Scope, parameters: str, opened: str, inner: Scope, depth: int, results: Any) -> str:
        """A function whose first line takes its parameters apart."""
        if not opened:
            return self.function(scope, parameters, inner, depth, results)
        name = self.function(scope, parameters, inner, depth, results)
        at = max(i for i, text in enumerate(self.program.lines) if text.lstrip().startswith(f"def {name}("))
        self.program.lines.insert(at + 1, textwrap.indent(opened, "    " * (self.indent + 1)))
        return name

    def structure(self, values: list[str], form: str) -> str:
        if form == "flat":
            return ", ".join(values)
        if form == "tuple":
            return f"({', '.join(values)},)"
        return f"{{'k': {values[0]}, 'r': [{', '.join(values[1:])}]}}"

    def sequence(self, scope: Scope) -> tuple[str, Shape]:
        """Something with a first axis."""
        fits = [n for n, s in scope.floats.items() if s]
        x = self.pick(fits[-8:])
        if self.number(0, 3) == 0:
            return f"{x}[:tf.minimum(n, {scope.floats[x][0]})]", (-1, *scope.floats[x][1:])
        return x, scope.floats[x]

    def mapped(self, scope: Scope, depth: int) -> None:
        x, shape = self.sequence(scope)
        result = self.pick([(), (2,)])
        inner = scope.inside({"e": shape[1:]}, [], True)
        twice = self.number(0, 2) == 0
        f = self.function(
            scope, "e", inner, depth, lambda s: self.packed(s, [result] * (1 + twice), "tuple" if twice else "tensor")
        )
        dtype = ", dtype=(tf.float32, tf.float32)" if twice else self.pick(["", ", dtype=tf.float32"])
        call = f"tf.map_fn({f}, {x}{dtype}{self.pick(['', ', parallel_iterations=1'])})"
        if twice:
            self.line(f"y = {call}[1]")
            call = "y"
        self.whole(scope, call, shape[0], result)

    def whole(self, scope: Scope, call: str, count: int, rest: Shape) -> None:
        """A sequence of an unknown length is summed up."""
        if count < 0:
            self.add(scope, f"tf.reduce_sum({call}, 0)", rest)
        else:
            self.add(scope, call, (count, *rest))

    def scanned(self, scope: Scope, depth: int) -> None:
        x, shape = self.sequence(scope)
        reverse = self.pick(["", ", reverse=True"])
        own = shape[0] > 0 and self.number(0, 1) == 0
        state = shape[1:] if own else self.pick([(), (2,)])
        inner = scope.inside({"a": state, "e": shape[1:]}, [], True)
        start = "" if own else f", initializer={self.of_shape(scope, state)}"
        f = self.function(scope, "a, e", inner, depth, lambda s: self.packed(s, [state], "tensor"))
        self.whole(scope, f"tf.scan({f}, {x}{start}{reverse})", shape[0], state)

    def folded(self, scope: Scope, depth: int) -> None:
        x, shape = self.sequence(scope)
        state = self.pick([(), (2,)])
        inner = scope.inside({"a": state, "e": shape[1:]}, [], True)
        start = self.of_shape(scope, state)
        f = self.function(scope, "a, e", inner, depth, lambda s: self.packed(s, [state], "tensor"))
        self.add(scope, f"tf.{self.pick(['foldl', 'foldr'])}({f}, {x}, initializer={start})", state)

    def fresh_array(self) -> str:
        self.functions += 1
        return f"t{self.functions - 1}"

    def array(self, scope: Scope, depth: int) -> None:
        """A TensorArray outside of loops."""
        x, y = self.of_shape(scope, (2,)), self.of_shape(scope, (2,))
        t = self.fresh_array()
        kept = self.pick(["", ", clear_after_read=False"])
        self.line(f"{t} = tf.TensorArray(tf.float32, 3{kept})")
        kind = self.number(0, 5)
        if kind == 0:
            at = "0, 2" if not self.slip() else self.pick(["0, 0", "1, 3"])
            first, second = at.split(", ")
            self.line(f"{t} = {t}.write({first}, {x}).write({second}, {y}).write(1, {x})")
            self.add(scope, f"{t}.stack()", (3, 2))
        elif kind == 1:
            self.line(f"{t} = {t}.unstack({self.of_shape(scope, (3, 2))})")
            again = self.number(0, 2)
            self.add(scope, f"{t}.read({again})", (2,))
            if self.number(0, 2) == 0:
                self.add(scope, f"{t}.read({again if self.slip() else (again + 1) % 3})", (2,))
        elif kind == 2:
            self.line(f"{t} = {t}.scatter([2, 0, 1], {self.of_shape(scope, (3, 2))})")
            self.add(scope, f"{t}.gather([{self.number(0, 1)}, 2])", (2, 2))
        elif kind == 3:
            self.line(f"{t} = {t}.split(tf.reshape({self.of_shape(scope, (3, 2))}, [6]), [2, 2, 2])")
            self.add(scope, f"{t}.read(1)" if self.number(0, 1) else f"tf.reduce_sum({t}.concat()) * {t}.read(1)", (2,))
        elif kind == 4:
            self.line(f"{t} = {t}.write(0, {x}).write(1, {y}).write(2, {y})")
            self.add(scope, f"{t}.concat()", (6,))
        else:
            self.line(f"{t} = {t}.write(1, {x})")
            self.add(scope, f"{t}.read(1) * tf.cast({t}.size(), tf.float32)", (2,))

    def array_in_loop(self, scope: Scope, depth: int) -> None:
        """A loop that writes and perhaps reads an array."""
        state = self.of_shape(scope, (2,))
        t = self.fresh_array()
        dynamic = self.number(0, 1)
        size = "0, dynamic_size=True" if dynamic else "4"
        shaped = self.pick(["", ", element_shape=[2]"])
        self.line(f"{t} = tf.TensorArray(tf.float32, {size}{shaped}, clear_after_read=False)")
        counter, a = f"i{depth}", f"a{depth}"
        reads = self.number(0, 2) == 0 and not dynamic
        inner = scope.inside({a: (2,)}, [counter], True)

        def results(inner: Scope) -> str:
            value = self.of_shape(inner, (2,))
            index = counter if not self.slip() else self.pick(["0", f"{counter} + 3"])
            after = f"tf.tanh({value})"
            if reads:
                after = f"{value} + {t}.read(tf.maximum({counter} - 1, 0))" if index == counter else after
            return f"{counter} + 1, {after}, {t}.write({index}, {value})"

        start = "0"
        if reads:
            self.line(f"{t} = {t}.write(0, {state})")
            start = "1"
        body = self.function(scope, f"{counter}, {a}, {t}", inner, depth, results)
        limit = self.pick(["n", "n", "2", "3"])
        made = self.fresh(1)[0]
        self.line(f"_, {made}, {t} = tf.while_loop(lambda i, a, t: i < {limit}, {body}, [{start}, {state}, {t}])")
        self.note(scope, {made: (2,)})
        if self.number(0, 2):
            if dynamic:
                stacked = f"tf.reshape({t}.stack(), [-1, 2])" if shaped else f"{t}.stack()"
                guard = "" if limit != "n" or shaped else None
                if guard is not None:
                    self.add(scope, f"tf.reduce_sum({stacked}, 0)", (2,))
            elif limit != "n" or shaped:
                self.add(scope, f"{t}.stack()", (4, 2))

    def growing(self, scope: Scope, depth: int) -> None:
        """A loop whose variable becomes longer."""
        x = self.of_shape(scope, (2,))
        y = self.of_shape(scope, ())
        counter, a = f"i{depth}", f"a{depth}"
        inner = scope.inside({}, [counter], True)
        f = self.function(
            scope, f"{counter}, {a}", inner, depth,
            lambda s: f"{counter} + 1, tf.concat([{a}, [{self.of_shape(s, ())} * 0.5 + {y}]], 0)",
        )  # fmt: skip
        shapes = "[tf.TensorShape([]), tf.TensorShape([None])]"
        call = f"tf.while_loop(lambda i, a: i < {self.pick(['n', '2'])}, {f}, [0, {x}], {shapes})"
        self.add(scope, f"tf.reduce_sum({call}[1])", ())

    def network(self, scope: Scope, depth: int) -> None:
        x = self.of_shape(scope, (3, 2))
        lengths = self.pick(["", ", sequence_length=[tf.minimum(n, 3)]", ", sequence_length=[2]"])
        names = self.fresh(1)
        self.line(f"with tf.variable_scope('{names[0]}', initializer=tf.constant_initializer(0.3)):")
        self.line(f"    cell = tf.nn.rnn_cell.{self.pick(CELLS)}")
        self.line(f"    outputs, state = tf.nn.dynamic_rnn(cell, tf.expand_dims({x}, 0), dtype=tf.float32{lengths})")
        self.line("state = state if isinstance(state, tf.Tensor) else state.c")
        kind = self.number(0, 2)
        if kind == 0:
            self.line(f"{names[0]} = outputs[0]")
            self.note(scope, {names[0]: (3, 2)})
        else:
            self.line(f"{names[0]} = state[0]")
            self.note(scope, {names[0]: (2,)})

    def counted_variable(self, scope: Scope, depth: int) -> None:
        """A variable that a loop adds to and reads."""
        x = self.of_shape(scope, (2,))
        if scope.repeated:  # a variable is made outside of loops
            self.unary(scope, depth)
            return
        name = self.name()
        resource = self.pick(["", ", use_resource=True"])
        self.line(f"u = tf.get_variable('{name}', initializer=[0.5, -0.5]{resource})")
        self.line("def body(i, a):")
        self.line("    with tf.control_dependencies([tf.assign_add(u, a * 0.1)]):")
        self.line("        return i + 1, tf.tanh(a + u.read_value())")
        self.line(f"{name} = tf.while_loop(lambda i, a: i < n, body, [0, {x}], parallel_iterations=1)[1]")
        self.note(scope, {name: (2,)})


def _placeholders(writer: Writer, scope: Scope) -> list[tuple[str, Shape]]:
    found = []
    for shape in ((2,), (3, 2), ())[: writer.number(1, 3)]:
        static: Any = [None if writer.number(0, 3) == 0 else d for d in shape]
        name = writer.add(scope, f"tf.placeholder(tf.float32, {static})", shape)
        found.append((name, shape))
    return found


@st.composite
def flow_programs(draw: Any, wrong: bool = False, second: bool = False) -> FlowProgram:
    """Programs of up to four statements of the outermost scope, nested up to three deep."""
    writer = Writer(draw, wrong)
    program = writer.program
    scope = Scope({}, [], outermost=True)
    given = _placeholders(writer, scope)
    writer.line("n = tf.placeholder(tf.int32, [])")
    writer.line("slope = lambda x: (lambda z: tf.gradients(tf.sin(z), z)[0])(tf.identity(x))")
    writer.line("table = tf.get_variable('table', initializer=[[0.5, 0.25], [-0.5, 1.0], [0.75, -0.25]])")
    writer.line("w = tf.get_variable('w', initializer=0.5)")
    writer.line("v = tf.get_variable('v', initializer=[0.75, -0.5], use_resource=True)")
    scope.ints.append("n")
    if writer.number(0, 1):
        scope.floats.update({"w": (), "v": (2,)})
    for _ in range(writer.number(1, 2 if second else 4)):  # second derivatives of nested loops take long to compile
        writer.statement(scope, 2 if second else 0)
    for count in draw(st.lists(st.integers(0, 4), min_size=1, max_size=2, unique=True)):
        feeds: dict[str, Any] = {}
        for name, shape in given:
            size = int(np.prod(shape))
            numbers = draw(st.lists(st.integers(-6, 6), min_size=size, max_size=size))
            feeds[name] = (np.array(numbers, np.float32) / 4 + np.float32(0.0625)).reshape(shape)
        program.feeds.append({**feeds, "n": np.int32(count)})
    made = [n for n in scope.floats if n not in {g for g, _ in given} and n.startswith("x")]
    if not made:
        made = [writer.add(scope, f"tf.sin({given[0][0]})", given[0][1])]
    if not second and len(made) > 1 and writer.number(0, 5) == 0:
        name = draw(st.sampled_from(made[:-1]))
        program.fed_between = (name, scope.floats[name])
    fetched = [n for n in made if program.fed_between is None or n != program.fed_between[0]]
    program.fetches = draw(st.lists(st.sampled_from(fetched), min_size=1, max_size=3, unique=True))
    if wrong:  # TensorFlow does not run what nobody asks for, wrong or not
        program.fetches = fetched
    if second or writer.number(0, 3):
        program.loss = draw(st.lists(st.sampled_from(made), min_size=1, max_size=2, unique=True))
        program.sources = [*(n for n, _ in given), "table", "w", "v"]
        if not second and writer.number(0, 3) == 0:
            program.between = draw(st.lists(st.sampled_from(made), min_size=1, max_size=2, unique=True))
        if writer.number(0, 2) == 0:  # the variables of networks too
            program.sources.append("*tf.trainable_variables()")
    program.second = second
    program.loose |= second
    return program
