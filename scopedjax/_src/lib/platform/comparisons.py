"""The assertions of `tf.test.TestCase` that look at values only: arrays, nested structures, messages, devices."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from absl.testing import absltest
from google.protobuf import text_format

from scopedjax._src.base.dtypes import as_dtype
from scopedjax._src.graph.devices import DeviceSpec


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_sequence_of_parts(value: Any) -> bool:
    """Whether a list or tuple has to be walked: it holds structures or arrays of unequal shapes."""
    if not isinstance(value, list | tuple):
        return False
    try:
        return np.asarray(value).dtype == object
    except (ValueError, NotImplementedError, TypeError):  # rows of unequal lengths, tensors
        return True


class Comparisons(absltest.TestCase):
    """Assertions on values. Tensors are evaluated first, by the subclass's `evaluate`."""

    def _array(self, value: Any) -> np.ndarray:
        """A value as an array; a tensor is evaluated, a list of tensors too."""
        value = self.evaluate_if_both_tensors(value, value)[0]
        return np.asarray(value)

    def evaluate_if_both_tensors(self, a: Any, b: Any) -> tuple[Any, Any]:
        """Evaluates what is a tensor among two values.

        Args:
          a, b: Tensors or plain values.

        Returns:
          The two values.
        """
        return a, b

    # ------------------------------------------------------------------------------------------------ closeness

    def assertAllClose(self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6, msg: str | None = None) -> None:
        """Fails unless two structures of arrays agree: `|a - b| <= atol + rtol * |b|` everywhere.

        Args:
          a, b: Arrays, tensors, numbers, or lists, tuples and dicts of these, of equal structure.
          rtol, atol: Relative and absolute tolerance.
          msg: Text to add when it fails.
        """
        self._close(a, b, rtol, atol, "", msg)

    def _close(self, a: Any, b: Any, rtol: float, atol: float, path: str, msg: str | None) -> None:
        if hasattr(a, "_asdict"):
            a = a._asdict()
        if hasattr(b, "_asdict"):
            b = b._asdict()
        if _is_mapping(a) or _is_mapping(b):
            where = path or "a"
            if not (_is_mapping(a) and _is_mapping(b)):
                raise ValueError(f"Can't compare dict to non-dict, {where}: {a!r} vs {b!r}. {msg or ''}")
            keys = f"mismatched keys: {where} has keys {a.keys()}, expected {b.keys()}. {msg or ''}"
            self.assertCountEqual(a, b, keys)
            for key in a:
                self._close(a[key], b[key], rtol, atol, f"{path}[{key!r}]", msg)
        elif _is_sequence_of_parts(a) or _is_sequence_of_parts(b):
            self.assertEqual(len(a), len(b), f"{path or 'a'}: lengths differ. {msg or ''}")
            for i, (x, y) in enumerate(zip(a, b, strict=True)):
                self._close(x, y, rtol, atol, f"{path}[{i}]", msg)
        else:
            self._arrays_close(a, b, rtol, atol, path, msg)

    def _arrays_close(self, a: Any, b: Any, rtol: float, atol: float, path: str, msg: str | None) -> None:
        x, y = self._array(a), self._array(b)
        self.assertEqual(
            x.shape, y.shape, f"Shape mismatch: expected {x.shape}, got {y.shape} with contents {y}. {path} {msg or ''}"
        )
        wide = np.complex128 if x.dtype.kind == "c" or y.dtype.kind == "c" else np.float64
        u, v = (z.astype(wide) for z in (x, y))
        close = np.isclose(u, v, rtol=rtol, atol=atol, equal_nan=True)
        if np.all(close):
            return
        wrong = np.where(~np.atleast_1d(close))
        left, right, distance = (np.atleast_1d(z)[wrong] for z in (x, y, np.abs(u - v)))
        lines = [
            f"Not equal to tolerance rtol={rtol:g}, atol={atol:g}",
            f"Mismatched value: a{path} is different from b{path}.",
            f"not close where = {wrong}",
            f"not close lhs = {left}",
            f"not close rhs = {right}",
            f"not close dif = {distance}",
            f"dtype = {x.dtype}, shape = {x.shape}",
        ]
        self.fail("\n".join([*([msg] if msg else []), *lines]))

    def assertNotAllClose(self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6, msg: str | None = None) -> None:
        """Fails if two structures of arrays agree, as `assertAllClose` understands it.

        Args:
          a, b: Structures of arrays.
          rtol, atol: Relative and absolute tolerance.
          msg: Text to add when it fails.
        """
        try:
            self.assertAllClose(a, b, rtol=rtol, atol=atol, msg=msg)
        except AssertionError:
            return
        raise AssertionError(f"The two values are close at all elements. {msg or ''}")

    def assertAllCloseAccordingToType(
        self,
        a: Any,
        b: Any,
        rtol: float = 1e-6,
        atol: float = 1e-6,
        float_rtol: float = 1e-6,
        float_atol: float = 1e-6,
        half_rtol: float = 1e-3,
        half_atol: float = 1e-3,
        bfloat16_rtol: float = 1e-2,
        bfloat16_atol: float = 1e-2,
        msg: str | None = None,
    ) -> None:
        """`assertAllClose` with the tolerance of the coarser dtype of the two.

        Args:
          a, b: Arrays or tensors.
          rtol, atol: Tolerance for other types.
          float_rtol, float_atol: Tolerance for float32 and complex64.
          half_rtol, half_atol: Tolerance for float16.
          bfloat16_rtol, bfloat16_atol: Tolerance for bfloat16.
          msg: Text to add when it fails.
        """
        x, y = self._array(a), self._array(b)
        names = {x.dtype.name, y.dtype.name}
        for kinds, relative, absolute in (
            (("float32", "complex64"), float_rtol, float_atol),
            (("float16",), half_rtol, half_atol),
            (("bfloat16",), bfloat16_rtol, bfloat16_atol),
        ):
            if names & set(kinds):
                rtol, atol = max(rtol, relative), max(atol, absolute)
        self.assertAllClose(x, y, rtol=rtol, atol=atol, msg=msg)

    def assertNear(self, f1: float, f2: float, err: float, msg: str | None = None) -> None:
        """Fails unless two numbers differ by at most `err`.

        Args:
          f1, f2: Numbers.
          err: The largest difference allowed.
          msg: Text to add when it fails.
        """
        suffix = f" ({msg})" if msg else ""
        self.assertTrue(
            f1 == f2 or abs(f1 - f2) <= err, f"{f1:f} != {f2:f} +/- {err:f} (difference: {abs(f1 - f2):g}){suffix}"
        )

    def assertArrayNear(self, farray1: Any, farray2: Any, err: float, msg: str | None = None) -> None:
        """Fails unless two sequences of numbers are near each other, one by one.

        Args:
          farray1, farray2: Sequences of equal length.
          err: The largest difference allowed.
          msg: Text to add when it fails.
        """
        self.assertEqual(len(farray1), len(farray2), msg)
        for f1, f2 in zip(farray1, farray2, strict=True):
            self.assertNear(float(f1), float(f2), err, msg=msg)

    def assertNDArrayNear(self, ndarray1: Any, ndarray2: Any, err: float, msg: str | None = None) -> None:
        """Fails unless the norm of the difference of two arrays is below `err`.

        Args:
          ndarray1, ndarray2: Arrays.
          err: The bound.
          msg: Text to add when it fails.
        """
        distance = float(np.linalg.norm((np.asarray(ndarray1) - np.asarray(ndarray2)).ravel()))
        self.assertTrue(distance < err, msg or f"the arrays' distance is {distance:g}, not below {err:g}")

    # ------------------------------------------------------------------------------------------------- equality

    def assertAllEqual(self, a: Any, b: Any, msg: str | None = None) -> None:
        """Fails unless two arrays have equal shapes and elements; NaN equals NaN, text equals its bytes.

        Args:
          a, b: Arrays, tensors, or lists.
          msg: Text to add when it fails.
        """
        x, y = _encoded(self._array(a)), _encoded(self._array(b))
        self.assertEqual(
            x.shape, y.shape, f"Shape mismatch: expected {x.shape}, got {y.shape} with contents {y}. {msg or ''}"
        )
        same = np.asarray(x == y)
        if x.dtype.kind in "fc" and y.dtype.kind in "fc":
            same = same | (np.isnan(x) & np.isnan(y))
        if np.all(same):
            return
        wrong = np.where(~np.atleast_1d(same))
        lines = [
            "Arrays are not equal",
            f"not equal where = {wrong}",
            f"not equal lhs = {np.atleast_1d(x)[wrong]!r}",
            f"not equal rhs = {np.atleast_1d(y)[wrong]!r}",
        ]
        self.fail("\n".join([*([msg] if msg else []), *lines]))

    def assertItemsEqual(self, first: Any, second: Any, msg: str | None = None) -> None:
        """Fails unless two sequences have the same elements, in whatever order.

        Args:
          first, second: Sequences.
          msg: Text to add when it fails.
        """
        self.assertCountEqual(first, second, msg)

    def assertNotAllEqual(self, a: Any, b: Any, msg: str | None = None) -> None:
        """Fails if two arrays have equal shapes and elements.

        Args:
          a, b: Arrays, tensors, or lists.
          msg: Text to add when it fails.
        """
        try:
            self.assertAllEqual(a, b)
        except AssertionError:
            return
        raise AssertionError(f"The two values are equal at all elements. {msg or ''}")

    def _all(self, a: Any, holds: np.ndarray, sentence: str) -> None:
        array = self._array(a)
        if not np.all(holds):
            self.fail(f"{sentence}: {np.atleast_1d(array)[~np.atleast_1d(holds)]} of {array.shape}")

    def assertAllGreater(self, a: Any, comparison_target: Any) -> None:
        """Fails unless all elements are greater than a number.

        Args:
          a: Array or tensor.
          comparison_target: The number.
        """
        self._all(a, self._array(a) > comparison_target, f"not greater than {comparison_target}")

    def assertAllLess(self, a: Any, comparison_target: Any) -> None:
        """Fails unless all elements are less than a number.

        Args:
          a: Array or tensor.
          comparison_target: The number.
        """
        self._all(a, self._array(a) < comparison_target, f"not less than {comparison_target}")

    def assertAllGreaterEqual(self, a: Any, comparison_target: Any) -> None:
        """Fails unless all elements are at least a number.

        Args:
          a: Array or tensor.
          comparison_target: The number.
        """
        self._all(a, self._array(a) >= comparison_target, f"not greater than or equal to {comparison_target}")

    def assertAllLessEqual(self, a: Any, comparison_target: Any) -> None:
        """Fails unless all elements are at most a number.

        Args:
          a: Array or tensor.
          comparison_target: The number.
        """
        self._all(a, self._array(a) <= comparison_target, f"not less than or equal to {comparison_target}")

    def assertAllInRange(
        self,
        target: Any,
        lower_bound: Any,
        upper_bound: Any,
        open_lower_bound: bool = False,
        open_upper_bound: bool = False,
    ) -> None:
        """Fails unless all elements are in a range.

        Args:
          target: Array or tensor of numbers.
          lower_bound, upper_bound: The ends of the range.
          open_lower_bound, open_upper_bound: Whether an end is outside.

        Raises:
          AssertionError: also where the elements are no numbers.
        """
        array = self._array(target)
        if array.dtype.kind not in "fiu" and array.dtype.name != "bfloat16":
            raise AssertionError(f"The value of {target} does not have an ordered numeric type, but {array.dtype}.")
        above = array > lower_bound if open_lower_bound else array >= lower_bound
        below = array < upper_bound if open_upper_bound else array <= upper_bound
        ends = f"{'(' if open_lower_bound else '['}{lower_bound}, {upper_bound}{')' if open_upper_bound else ']'}"
        count = int(np.sum(~(above & below)))
        self._all(array, above & below, f"{count} of the {array.size} element(s) are outside the range {ends}")

    def assertAllInSet(self, target: Any, expected_set: Any) -> None:
        """Fails unless each element is one of a set.

        Args:
          target: Array or tensor.
          expected_set: The set.
        """
        array = self._array(target)
        wrong = sorted({v for v in array.ravel().tolist() if v not in expected_set}, key=repr)
        if wrong:
            raise AssertionError(f"{len(wrong)} unique element(s) are not in the set {expected_set}: {wrong}")

    def assertShapeEqual(self, input_a: Any, input_b: Any, msg: str | None = None) -> None:
        """Fails unless two arrays or tensors have the same (static) shape.

        Args:
          input_a, input_b: Arrays or tensors.
          msg: Text to add when it fails.
        """
        sizes = []
        for value in (input_a, input_b):
            if not hasattr(value, "shape"):
                raise TypeError(f"assertShapeEqual takes arrays and tensors, not {type(value).__name__}: {value!r}")
            shape = value.shape
            sizes.append(tuple(shape.as_list()) if hasattr(shape, "as_list") else tuple(shape))
        self.assertEqual(sizes[0], sizes[1], msg)

    def assertDTypeEqual(self, target: Any, expected_dtype: Any) -> None:
        """Fails unless an array or tensor has a dtype.

        Args:
          target: Array, tensor, or list.
          expected_dtype: A dtype of NumPy or TensorFlow, or its name.
        """
        found = target.dtype if hasattr(target, "dtype") else self._array(target).dtype
        self.assertEqual(as_dtype(found).base_dtype, as_dtype(expected_dtype).base_dtype)

    def assertDeviceEqual(self, device1: Any, device2: Any, msg: str | None = None) -> None:
        """Fails unless two device names mean the same device.

        Args:
          device1, device2: Names such as "/cpu:0" and "/device:CPU:0".
          msg: Text to add when it fails.
        """
        first, second = (DeviceSpec.from_string(str(d or "")).to_string() for d in (device1, device2))
        self.assertEqual(first, second, f"Devices {first} and {second} are not equal. {msg or ''}")

    # ------------------------------------------------------------------------------------------------- messages

    def assertProtoEquals(
        self,
        expected_message_maybe_ascii: Any,
        validate_message: Any,
        msg: str | None = None,
        relative_tolerance: float | None = None,
    ) -> None:
        """Fails unless two protocol buffers are equal.

        Args:
          expected_message_maybe_ascii: A message, or its text form.
          validate_message: A message.
          msg: Text to add when it fails.
          relative_tolerance: Tolerance for floating numbers; none by default.
        """
        expected = expected_message_maybe_ascii
        if isinstance(expected, str | bytes):
            text = expected.decode() if isinstance(expected, bytes) else expected
            expected = text_format.Parse(text, type(validate_message)())
        texts = [text_format.MessageToString(m) for m in (expected, validate_message)]
        if relative_tolerance is not None and _near_texts(texts[0], texts[1], relative_tolerance):
            return
        self.assertMultiLineEqual(texts[0], texts[1], msg)

    def assertProtoEqualsVersion(
        self, expected: Any, actual: Any, producer: int = 134, min_consumer: int = 0, msg: str | None = None
    ) -> None:
        """Fails unless two GraphDefs are equal, `expected` being text to which the versions are added.

        Args:
          expected: Text form of a GraphDef without its versions.
          actual: A GraphDef.
          producer, min_consumer: The versions.
          msg: Text to add when it fails.
        """
        self.assertProtoEquals(
            f"versions {{ producer: {producer} min_consumer: {min_consumer} }};\n{expected}", actual, msg
        )


_NUMBER = re.compile(r"-?\d[\d.e+-]*")


def _near_texts(a: str, b: str, tolerance: float) -> bool:
    """Whether two texts differ in numbers only, and those by little."""
    if _NUMBER.sub("#", a) != _NUMBER.sub("#", b):
        return False
    pairs = zip(_NUMBER.findall(a), _NUMBER.findall(b), strict=True)
    return all(x == y or abs(float(x) - float(y)) <= tolerance * abs(float(x)) for x, y in pairs)


def _encoded(array: np.ndarray) -> np.ndarray:
    """Text as UTF-8 bytes, so that what a run gives equals what a test writes."""
    if array.dtype.kind not in "OSU":
        return array
    result = np.empty(array.shape, object)
    for at, item in np.ndenumerate(array):
        result[at] = item.encode() if isinstance(item, str) else item
    return result
