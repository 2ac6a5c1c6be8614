"""`tf.profiler.ProfileOptionBuilder`: what a profile shall count, select and print."""

from __future__ import annotations

import copy
from typing import Any

_COMMON: dict[str, Any] = {
    "max_depth": 10000,
    "min_bytes": 0,
    "min_micros": 0,
    "min_params": 0,
    "min_float_ops": 0,
    "min_occurrence": 0,
    "order_by": "name",
    "account_type_regexes": [".*"],
    "start_name_regexes": [".*"],
    "trim_name_regexes": [],
    "show_name_regexes": [".*"],
    "hide_name_regexes": [],
    "account_displayed_op_only": False,
    "select": ["micros"],
    "step": -1,
    "output": "stdout",
}


class ProfileOptionBuilder:
    """Makes the dict of options that `tf.profiler.profile` takes.

    Args:
      options: Options to start from.

    >>> builder = tf.profiler.ProfileOptionBuilder(tf.profiler.ProfileOptionBuilder.float_operation())
    >>> builder.with_empty_output().build()["output"]
    'none'
    """

    def __init__(self, options: dict[str, Any] | None = None) -> None:
        self._options: dict[str, Any] = copy.deepcopy({**_COMMON, "max_depth": 100} if options is None else options)

    @staticmethod
    def trainable_variables_parameter() -> dict[str, Any]:
        """Returns options that count the elements of the trainable variables.

        >>> tf.profiler.ProfileOptionBuilder.trainable_variables_parameter()["select"]
        ['params']
        """
        own = {
            "account_type_regexes": ["_trainable_variables"],
            "account_displayed_op_only": True,
            "select": ["params"],
        }
        return {**copy.deepcopy(_COMMON), **own}

    @staticmethod
    def float_operation() -> dict[str, Any]:
        """Returns options that count floating-point operations.

        >>> tf.profiler.ProfileOptionBuilder.float_operation()["select"]
        ['float_ops']
        """
        own = {
            "min_float_ops": 1,
            "order_by": "float_ops",
            "account_displayed_op_only": True,
            "select": ["float_ops"],
        }
        return {**copy.deepcopy(_COMMON), **own}

    @staticmethod
    def time_and_memory(
        min_micros: int = 1,
        min_bytes: int = 1,
        min_accelerator_micros: int = 0,
        min_cpu_micros: int = 0,
        min_peak_bytes: int = 0,
        min_residual_bytes: int = 0,
        min_output_bytes: int = 0,
    ) -> dict[str, Any]:
        """Returns options for times and memory, which `tf.profiler.profile` refuses here: jax.profiler has them.

        Args:
          min_micros: Least time of a node that is shown.
          min_bytes: Least memory.
          min_accelerator_micros: Least time on the accelerator.
          min_cpu_micros: Least time on the processor.
          min_peak_bytes: Least peak memory.
          min_residual_bytes: Least memory that stays.
          min_output_bytes: Least memory of outputs.

        >>> tf.profiler.ProfileOptionBuilder.time_and_memory()["select"]
        ['micros', 'bytes']
        """
        own = {
            "min_bytes": min_bytes,
            "min_peak_bytes": min_peak_bytes,
            "min_residual_bytes": min_residual_bytes,
            "min_output_bytes": min_output_bytes,
            "min_micros": min_micros,
            "min_accelerator_micros": min_accelerator_micros,
            "min_cpu_micros": min_cpu_micros,
            "order_by": "micros",
            "account_displayed_op_only": True,
            "select": ["micros", "bytes"],
        }
        return {**copy.deepcopy(_COMMON), **own}

    def build(self) -> dict[str, Any]:
        """Returns a copy of the options."""
        return copy.deepcopy(self._options)

    def _with(self, **values: Any) -> ProfileOptionBuilder:
        self._options.update(values)
        return self

    def with_max_depth(self, max_depth: int) -> ProfileOptionBuilder:
        """Sets how deep the tree is shown.

        Args:
          max_depth: Number of levels.
        """
        return self._with(max_depth=max_depth)

    def with_min_memory(
        self, min_bytes: int = 0, min_peak_bytes: int = 0, min_residual_bytes: int = 0, min_output_bytes: int = 0
    ) -> ProfileOptionBuilder:
        """Sets the least memory of a node that is shown.

        Args:
          min_bytes: Bytes that it asks for.
          min_peak_bytes: Bytes at the peak.
          min_residual_bytes: Bytes that stay.
          min_output_bytes: Bytes of outputs.
        """
        return self._with(
            min_bytes=min_bytes,
            min_peak_bytes=min_peak_bytes,
            min_residual_bytes=min_residual_bytes,
            min_output_bytes=min_output_bytes,
        )

    def with_min_execution_time(
        self, min_micros: int = 0, min_accelerator_micros: int = 0, min_cpu_micros: int = 0
    ) -> ProfileOptionBuilder:
        """Sets the least time of a node that is shown.

        Args:
          min_micros: Microseconds.
          min_accelerator_micros: Microseconds on the accelerator.
          min_cpu_micros: Microseconds on the processor.
        """
        return self._with(
            min_micros=min_micros, min_accelerator_micros=min_accelerator_micros, min_cpu_micros=min_cpu_micros
        )

    def with_min_parameters(self, min_params: int) -> ProfileOptionBuilder:
        """Sets the least number of parameters of a node that is shown.

        Args:
          min_params: Number of parameters.
        """
        return self._with(min_params=min_params)

    def with_min_occurrence(self, min_occurrence: int) -> ProfileOptionBuilder:
        """Sets how often a type must occur to be shown.

        Args:
          min_occurrence: Number of nodes.
        """
        return self._with(min_occurrence=min_occurrence)

    def with_min_float_operations(self, min_float_ops: int) -> ProfileOptionBuilder:
        """Sets the least number of floating-point operations of a node that is shown.

        Args:
          min_float_ops: Number of operations.
        """
        return self._with(min_float_ops=min_float_ops)

    def with_accounted_types(self, account_type_regexes: Any) -> ProfileOptionBuilder:
        """Sets which types count.

        Args:
          account_type_regexes: Regular expressions for the types of nodes; trainable variables have the type
            `_trainable_variables` too.
        """
        return self._with(account_type_regexes=copy.copy(account_type_regexes))

    def with_node_names(
        self,
        start_name_regexes: Any = None,
        show_name_regexes: Any = None,
        hide_name_regexes: Any = None,
        trim_name_regexes: Any = None,
    ) -> ProfileOptionBuilder:
        """Sets which nodes are shown.

        Args:
          start_name_regexes: Regular expressions for the names at which the tree starts.
          show_name_regexes: Those that are shown.
          hide_name_regexes: Those that are not.
          trim_name_regexes: Those at which the tree ends.
        """
        given = {
            "start_name_regexes": start_name_regexes,
            "show_name_regexes": show_name_regexes,
            "hide_name_regexes": hide_name_regexes,
            "trim_name_regexes": trim_name_regexes,
        }
        return self._with(**{key: copy.copy(value) for key, value in given.items() if value is not None})

    def account_displayed_op_only(self, is_true: bool) -> ProfileOptionBuilder:
        """Sets whether totals take only what is shown.

        Args:
          is_true: Whether they do.
        """
        return self._with(account_displayed_op_only=is_true)

    def with_empty_output(self) -> ProfileOptionBuilder:
        """Prints nothing."""
        return self._with(output="none")

    def with_stdout_output(self) -> ProfileOptionBuilder:
        """Prints to standard output."""
        return self._with(output="stdout")

    def with_file_output(self, outfile: str) -> ProfileOptionBuilder:
        """Prints to a file.

        Args:
          outfile: Its path.
        """
        return self._with(output=f"file:outfile={outfile}")

    def with_timeline_output(self, timeline_file: str) -> ProfileOptionBuilder:
        """Asks for a timeline, which `tf.profiler.profile` refuses here: jax.profiler has them.

        Args:
          timeline_file: Path of the file.
        """
        return self._with(output=f"timeline:outfile={timeline_file}")

    def with_pprof_output(self, pprof_file: str) -> ProfileOptionBuilder:
        """Asks for a file for pprof, which `tf.profiler.profile` refuses here.

        Args:
          pprof_file: Path of the file.
        """
        return self._with(output=f"pprof:outfile={pprof_file}")

    def order_by(self, attribute: str) -> ProfileOptionBuilder:
        """Sets by what the children of a node are ordered.

        Args:
          attribute: "name", "float_ops", "params", ...
        """
        return self._with(order_by=attribute)

    def select(self, attributes: Any) -> ProfileOptionBuilder:
        """Sets what is shown of a node.

        Args:
          attributes: List of "float_ops", "params", "op_types", "occurrence", ...
        """
        return self._with(select=copy.copy(attributes))

    def with_step(self, step: int) -> ProfileOptionBuilder:
        """Sets which step is meant; here there is only the graph.

        Args:
          step: The step; -1 for the mean of all.
        """
        return self._with(step=step)
