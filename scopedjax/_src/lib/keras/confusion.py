"""Metrics of right and wrong decisions: predictions in [0, 1] against thresholds.

A prediction above a threshold is a positive. For each threshold four sums are kept as a metric needs them: true and
false positives, true and false negatives. The area under a curve takes the trapezoids between thresholds; that under
the precision-recall curve interpolates true positives, not precision (Davis and Goadrich, 2006).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scopedjax._src.graph.operation import Operation
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.keras.metric import Metric, comparable, weighed
from scopedjax._src.ops.array.filling import one_hot
from scopedjax._src.ops.array.shapes import reshape
from scopedjax._src.ops.control_flow.grouping import group
from scopedjax._src.ops.convert import convert_to_tensor
from scopedjax._src.ops.math.casting import cast
from scopedjax._src.ops.math.comparison import greater, logical_and, where_v2
from scopedjax._src.ops.math.diagonals import diag_part
from scopedjax._src.ops.math.elementwise import abs as absolute
from scopedjax._src.ops.math.elementwise import log, maximum, minimum
from scopedjax._src.ops.math.linear_algebra import matmul
from scopedjax._src.ops.math.reductions import argmin, count_nonzero, reduce_sum
from scopedjax._src.ops.math.special import div_no_nan
from scopedjax._src.ops.nn.ranking import top_k as largest

_KINDS = ("true_positives", "true_negatives", "false_positives", "false_negatives")
_NEVER = -1e10


class _Confusion(Metric):
    """What these metrics share: the sums that `_kept` names, one for each threshold."""

    _kept: tuple[str, ...] = _KINDS

    def __init__(self, name: str | None, dtype: Any, thresholds: Any) -> None:
        super().__init__(name=name, dtype=dtype)
        self._values: list[float] = [float(t) for t in np.atleast_1d(thresholds)]
        for kind in self._kept:
            setattr(self, kind, self.add_weight(kind, [len(self._values)]))

    def _sums(self) -> dict[str, Tensor]:
        return {kind: getattr(self, kind).read_value() for kind in self._kept}

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Operation:
        """Returns the operation that counts predictions."""
        y_true, y_pred = comparable(y_true, y_pred, self._dtype)
        weights = None if sample_weight is None else weighed(y_pred, sample_weight)[1]
        y_true, y_pred, weights = self._chosen(y_true, y_pred, weights)
        truth = reshape(cast(cast(y_true, "bool"), self._dtype), [1, -1])
        thresholds = convert_to_tensor(np.asarray(self._values, self.dtype)[:, None])
        positive = cast(greater(reshape(y_pred, [1, -1]), thresholds), self._dtype)
        parts = {
            "true_positives": lambda: positive * truth,
            "true_negatives": lambda: (1.0 - positive) * (1.0 - truth),
            "false_positives": lambda: positive * (1.0 - truth),
            "false_negatives": lambda: (1.0 - positive) * truth,
        }
        updates = []
        for kind in self._kept:
            counted = parts[kind]()
            counted = counted if weights is None else counted * reshape(weights, [1, -1])
            updates.append(getattr(self, kind).assign_add(reduce_sum(counted, axis=1)).op)
        return group(*updates)

    def _chosen(self, y_true: Any, y_pred: Any, weights: Any) -> tuple[Any, Any, Any]:
        return y_true, y_pred, weights


def _checked(thresholds: Any, default: float) -> Any:
    """Thresholds as they were given, or the default."""
    for threshold in np.atleast_1d(default if thresholds is None else thresholds):
        if not 0 <= threshold <= 1:
            raise ValueError(f"Threshold values must be in [0, 1]. Invalid values: {[float(threshold)]}")
    return default if thresholds is None else thresholds


class _Count(_Confusion):
    """One of the four sums."""

    _default_name = ""

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name, dtype, _checked(thresholds, 0.5))
        self.thresholds = thresholds

    def result(self) -> Tensor:
        """Returns the count; for several thresholds one each."""
        found = self._sums()[self._kept[0]]
        return found[0] if len(self._values) == 1 else found

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes the metric from again."""
        return {**super().get_config(), "thresholds": self.thresholds}


def _count(kind: str, what: str, shown: float) -> Any:
    """The metric of one of the four sums."""
    title = "".join(part.capitalize() for part in kind.split("_"))
    doc = f"""The number of {what}.

    Args:
      thresholds: From where a prediction is positive: a number or a list; 0.5 by default.
      name: Name.
      dtype: Dtype of the result.

    Raises:
      ValueError: a threshold is not in [0, 1].

    >>> float(tf.keras.backend.eval(tf.keras.metrics.{title}()([0, 1, 1, 1], [0.7, 0.8, 0.9, 0.1])))
    {shown}
    """
    return type(title, (_Count,), {"_kept": (kind,), "__doc__": doc, "__module__": __name__})


TruePositives: Any = _count("true_positives", "examples that are ones and predicted so", 2.0)
TrueNegatives: Any = _count("true_negatives", "examples that are zeros and predicted so", 0.0)
FalsePositives: Any = _count("false_positives", "zeros that were predicted as ones", 1.0)
FalseNegatives: Any = _count("false_negatives", "ones that were predicted as zeros", 1.0)


class _Share(_Confusion):
    """What precision and recall share."""

    def __init__(
        self, thresholds: Any = None, top_k: int | None = None, class_id: int | None = None, name: str | None = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(name, dtype, _checked(thresholds, 0.5) if top_k is None else _NEVER)
        self.thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id

    def _chosen(self, y_true: Any, y_pred: Any, weights: Any) -> tuple[Any, Any, Any]:
        if self.top_k is not None:
            classes = y_pred.shape.as_list()[-1]
            chosen = largest(y_pred, self.top_k, sorted=False)[1]
            among = reduce_sum(one_hot(chosen, classes, axis=-1), axis=-2)
            y_pred = y_pred * among + _NEVER * (1.0 - among)
        if self.class_id is not None:
            y_true, y_pred = y_true[..., self.class_id], y_pred[..., self.class_id]
            weights = None if weights is None else weights[..., self.class_id]
        return y_true, y_pred, weights

    def result(self) -> Tensor:
        """Returns the share; for several thresholds one each."""
        sums = self._sums()
        first, other = (sums[kind] for kind in self._kept)
        found = div_no_nan(first, first + other)
        return found[0] if len(self._values) == 1 else found

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes the metric from again."""
        return {**super().get_config(), "thresholds": self.thresholds, "top_k": self.top_k, "class_id": self.class_id}


class Precision(_Share):
    """The share of predicted ones that are ones.

    Args:
      thresholds: From where a prediction is positive: a number or a list; 0.5 by default.
      top_k: Count as positive the largest predictions of an example, in the place of thresholds.
      class_id: Count only this class.
      name: Name.
      dtype: Dtype of the result.

    >>> round(float(tf.keras.backend.eval(tf.keras.metrics.Precision()([0, 1, 1, 1], [0.7, 0.8, 0.9, 0.1]))), 4)
    0.6667
    """

    _kept = ("true_positives", "false_positives")


class Recall(_Share):
    """The share of ones that are predicted so.

    Args:
      thresholds: From where a prediction is positive: a number or a list; 0.5 by default.
      top_k: Count as positive the largest predictions of an example, in the place of thresholds.
      class_id: Count only this class.
      name: Name.
      dtype: Dtype of the result.

    >>> round(float(tf.keras.backend.eval(tf.keras.metrics.Recall()([0, 1, 1, 1], [0.7, 0.8, 0.9, 0.1]))), 4)
    0.6667
    """

    _kept = ("true_positives", "false_negatives")


def _between(count: int) -> list[float]:
    """Thresholds from just below zero to just above one."""
    return [-1e-7, *((i + 1) / (count - 1) for i in range(count - 2)), 1.0 + 1e-7]


class _AtValue(_Confusion):
    """What the two shares at a value of the other share."""

    _given = ""

    def __init__(self, value: float, num_thresholds: int, name: str | None, dtype: Any) -> None:
        if num_thresholds <= 0:
            raise ValueError("`num_thresholds` must be > 0.")
        if not 0 <= value <= 1:
            raise ValueError(f"`{self._given}` must be in the range [0, 1].")
        super().__init__(name, dtype, [0.5] if num_thresholds == 1 else _between(num_thresholds))
        setattr(self, self._given, value)
        self.value = value
        self.num_thresholds = num_thresholds

    def _at(self, held: Tensor, wanted: Tensor) -> Tensor:
        """`wanted` where `held` is nearest the value."""
        return wanted[argmin(absolute(held - self.value), axis=0)]

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes the metric from again."""
        return {**super().get_config(), self._given: self.value, "num_thresholds": self.num_thresholds}


class SensitivityAtSpecificity(_AtValue):
    """The share of ones found, at the threshold where the share of zeros found is nearest a value.

    Args:
      specificity: The share of zeros found.
      num_thresholds: How many thresholds to look at.
      name: Name.
      dtype: Dtype of the result.

    >>> metric = tf.keras.metrics.SensitivityAtSpecificity(0.4)
    >>> float(tf.keras.backend.eval(metric([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9])))
    1.0
    """

    _given = "specificity"

    def __init__(
        self, specificity: float, num_thresholds: int = 200, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(specificity, num_thresholds, name, dtype)

    def result(self) -> Tensor:
        """Returns the share."""
        s = self._sums()
        held = div_no_nan(s["true_negatives"], s["true_negatives"] + s["false_positives"])
        return self._at(held, div_no_nan(s["true_positives"], s["true_positives"] + s["false_negatives"]))


class SpecificityAtSensitivity(_AtValue):
    """The share of zeros found, at the threshold where the share of ones found is nearest a value.

    Args:
      sensitivity: The share of ones found.
      num_thresholds: How many thresholds to look at.
      name: Name.
      dtype: Dtype of the result.

    >>> metric = tf.keras.metrics.SpecificityAtSensitivity(0.8, num_thresholds=1)
    >>> float(tf.keras.backend.eval(metric([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9])))
    1.0
    """

    _given = "sensitivity"

    def __init__(
        self, sensitivity: float, num_thresholds: int = 200, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(sensitivity, num_thresholds, name, dtype)

    def result(self) -> Tensor:
        """Returns the share."""
        s = self._sums()
        held = div_no_nan(s["true_positives"], s["true_positives"] + s["false_negatives"])
        return self._at(held, div_no_nan(s["true_negatives"], s["true_negatives"] + s["false_positives"]))


class AUC(_Confusion):
    """The area under a curve over all thresholds.

    Args:
      num_thresholds: How many thresholds to look at.
      curve: "ROC" (ones found over zeros missed) or "PR" (precision over recall).
      summation_method: "interpolation", "minoring" or "majoring": the mean, the smaller or the larger end of a piece.
      name: Name.
      dtype: Dtype of the result.
      thresholds: The thresholds between 0 and 1, in the place of `num_thresholds`.

    Raises:
      ValueError: another curve or method, or thresholds outside [0, 1].

    >>> float(tf.keras.backend.eval(tf.keras.metrics.AUC(num_thresholds=3)([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9])))
    0.75
    """

    def __init__(
        self, num_thresholds: int = 200, curve: str = "ROC", summation_method: str = "interpolation",
        name: str | None = None, dtype: Any = None, thresholds: Any = None,
    ) -> None:  # fmt: skip
        if curve not in ("ROC", "PR"):
            raise ValueError(f'Invalid AUC curve value "{curve}". Valid options are: "ROC", "PR"')
        if summation_method not in ("interpolation", "minoring", "majoring"):
            raise ValueError(
                f'Invalid AUC summation method value "{summation_method}". Valid: "interpolation", "minoring", '
                '"majoring"'
            )
        if thresholds is None:
            if num_thresholds <= 1:
                raise ValueError("`num_thresholds` must be > 1.")
            values = _between(num_thresholds)
        else:
            _checked(thresholds, 0.5)
            values = [-1e-7, *sorted(float(t) for t in thresholds), 1.0 + 1e-7]
        super().__init__(name, dtype, values)
        self.num_thresholds = len(values)
        self.curve = curve
        self.summation_method = summation_method
        self.thresholds = values

    def result(self) -> Tensor:
        """Returns the area."""
        s = self._sums()
        tp, fp, fn = s["true_positives"], s["false_positives"], s["false_negatives"]
        if self.curve == "PR" and self.summation_method == "interpolation":
            return _area_under_precision(tp, fp, fn)
        recall = div_no_nan(tp, tp + fn)
        if self.curve == "ROC":
            x, y = div_no_nan(fp, fp + s["true_negatives"]), recall
        else:
            x, y = recall, div_no_nan(tp, tp + fp)
        heights = {"interpolation": lambda a, b: (a + b) / 2.0, "minoring": minimum, "majoring": maximum}
        return reduce_sum((x[:-1] - x[1:]) * heights[self.summation_method](y[:-1], y[1:]))

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes the metric from again."""
        return {**super().get_config(), "num_thresholds": self.num_thresholds, "curve": self.curve,
                "summation_method": self.summation_method, "thresholds": self.thresholds[1:-1]}  # fmt: skip


def _area_under_precision(tp: Tensor, fp: Tensor, fn: Tensor) -> Tensor:
    """Between two thresholds true positives grow in proportion to all positives `p`: the integral of tp / p."""
    positives = tp + fp
    gained = tp[:-1] - tp[1:]
    slope = div_no_nan(gained, maximum(positives[:-1] - positives[1:], 0.0))
    start = tp[1:] - slope * positives[1:]
    both = logical_and(greater(positives[:-1], 0.0), greater(positives[1:], 0.0))
    ratio = where_v2(both, div_no_nan(positives[:-1], maximum(positives[1:], 0.0)), 1.0)
    return reduce_sum(div_no_nan(slope * (gained + start * log(ratio)), maximum(tp[1:] + fn[1:], 0.0)))


class MeanIoU(Metric):
    """The mean over classes of: examples of the class found, by those that are of the class or were taken for it.

    Args:
      num_classes: Number of classes.
      name: Name.
      dtype: Dtype of the result.

    >>> round(float(tf.keras.backend.eval(tf.keras.metrics.MeanIoU(2)([0, 0, 1, 1], [0, 1, 0, 1]))), 4)
    0.3333
    """

    def __init__(self, num_classes: int, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.num_classes = num_classes
        self.total_cm = self.add_weight("total_confusion_matrix", (num_classes, num_classes), dtype="float64")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Operation:
        """Returns the operation that counts predictions: class numbers of any shape."""
        truth = reshape(cast(convert_to_tensor(y_true), "int64"), [-1])
        found = reshape(cast(convert_to_tensor(y_pred), "int64"), [-1])
        rows = one_hot(truth, self.num_classes, dtype="float64")
        if sample_weight is not None:
            rows = rows * reshape(cast(convert_to_tensor(sample_weight), "float64"), [-1, 1])
        counted = matmul(rows, one_hot(found, self.num_classes, dtype="float64"), transpose_a=True)
        return self.total_cm.assign_add(counted).op

    def result(self) -> Tensor:
        """Returns the mean over the classes that occur."""
        table = cast(self.total_cm.read_value(), self._dtype)
        found = diag_part(table)
        either = reduce_sum(table, axis=0) + reduce_sum(table, axis=1) - found
        count = cast(count_nonzero(either), self._dtype)
        return div_no_nan(reduce_sum(div_no_nan(found, either)), count)

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` makes the metric from again."""
        return {**super().get_config(), "num_classes": self.num_classes}
