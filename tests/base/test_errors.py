"""The exceptions of `tf.errors` against TensorFlow's: codes, classes, what they carry and print."""

from __future__ import annotations

import inspect
import pickle
import traceback
import types
from typing import Any

import pytest

from scopedjax._src.base import errors
from tests import oracle
from tests.base.pair import assert_agree

CLASSES = [name for name, value in vars(errors).items() if inspect.isclass(value) and name.endswith("Error")]
_OF_OP = [name for name in CLASSES if issubclass(getattr(errors, name), errors.OpError)]
CODED = [name for name in _OF_OP if name not in ("OpError", "_CodedError")]
PLAIN = [name for name in CLASSES if name not in _OF_OP]


# What is compared here though no body names it: tests/surface/evidence.py.
COMPARES = [f"errors.{name}" for name in (*CODED, *PLAIN)]


@pytest.mark.oracle
def test_every_name_of_tensorflow_is_there_and_its_codes_are_equal() -> None:
    theirs = oracle.real_tf().errors
    for name in dir(theirs):
        if not name.startswith("_"):
            assert hasattr(errors, name), name
            if isinstance(getattr(theirs, name), int):
                assert getattr(errors, name) == getattr(theirs, name), name


@pytest.mark.oracle
@pytest.mark.parametrize("name", CODED)
def test_classes(name: str) -> None:
    theirs, ours = getattr(oracle.real_tf().errors, name), getattr(errors, name)
    assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters)
    assert issubclass(ours, errors.OpError)
    assert ours.__doc__
    for expression in ("error_code", "message", "op", "node_def", "args", "experimental_payloads"):
        assert_agree(f"tf.errors.{name}(None, None, 'what').{expression}")
    assert_agree(f"str(tf.errors.{name}(None, None, 'what'))")
    assert_agree(f"repr(tf.errors.{name}(None, None, 'what'))")
    assert_agree(f"tf.errors.error_code_from_exception_type(tf.errors.{name})")
    assert errors.exception_type_from_error_code(ours(None, None, "").error_code) is ours


@pytest.mark.oracle
@pytest.mark.parametrize("name", PLAIN)
def test_classes_without_codes(name: str) -> None:
    """TensorFlow raises them, and shows them as part of `tf.errors` from version 2 on or not at all."""
    oracle.real_tf()
    from tensorflow.python.framework import errors as every

    theirs, ours = getattr(every, name), getattr(errors, name)
    assert [base.__name__ for base in ours.__mro__] == [base.__name__ for base in theirs.__mro__]
    assert ours.__doc__ and str(ours("what")) == str(theirs("what"))
    assert str(pickle.loads(pickle.dumps(ours("what")))) == "what"


@pytest.mark.oracle
@pytest.mark.parametrize("code", range(-1, 19))
def test_types_of_codes(code: int) -> None:
    assert_agree(f"tf.errors.exception_type_from_error_code({code}).__name__")


@pytest.mark.oracle
@pytest.mark.parametrize(
    "expression",
    [
        "tf.errors.OpError(None, None, 'what', 3).error_code",
        "tf.errors.OpError(None, 'not an op', 'what', 3).op",
        "tf.errors.OpError('a def', None, 'what', 3).node_def",
        "str(tf.errors.OpError(None, None, 'what', 3))",
        "tf.errors.AbortedError(None, None, 'what', {'a': b'1'}).experimental_payloads",
        "tf.errors.OpError(None, None, 'what')",
        "issubclass(tf.errors.OutOfRangeError, Exception)",
        "issubclass(tf.errors.OpError, RuntimeError)",
    ],
)
def test_op_error(expression: str) -> None:
    assert_agree(expression, phrase=False)


@pytest.mark.oracle
def test_the_creation_site_is_shown() -> None:
    tf = oracle.real_tf()
    with tf.Graph().as_default():
        op = tf.constant(1, name="mine").op
    theirs = str(tf.errors.InvalidArgumentError(None, op, "what"))
    site = traceback.StackSummary.from_list([("script.py", 7, "build", "x = tf.constant(1)")])
    ours = str(errors.InvalidArgumentError(None, types.SimpleNamespace(name="mine", traceback=site), "what"))
    head = theirs.split("\n  File")[0]
    assert ours == head + '\n  File "script.py", line 7, in build\n    x = tf.constant(1)\n'


@pytest.mark.oracle
def test_an_unknown_class_has_no_code() -> None:
    tf = oracle.real_tf()
    with pytest.warns(UserWarning, match="Unknown class exception"):
        theirs = tf.errors.error_code_from_exception_type(ValueError)
    with pytest.warns(UserWarning, match="Unknown class exception"):
        ours = errors.error_code_from_exception_type(ValueError)
    assert type(ours).__name__ == type(theirs).__name__ == "UnknownError"


@pytest.mark.parametrize("name", ["OpError", *CODED])
def test_errors_travel_between_processes(name: str) -> None:
    arguments: tuple[Any, ...] = (None, types.SimpleNamespace(name="n", traceback=[]), "what")
    error = getattr(errors, name)(*arguments, 3) if name == "OpError" else getattr(errors, name)(*arguments)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (again.error_code, again.op, str(again)) == (error.error_code, None, str(error))


def test_a_code_without_a_class_is_unknown_and_keeps_its_number() -> None:
    error = errors.exception_from_code(None, None, "what", 99)
    assert isinstance(error, errors.UnknownError)
    assert error.error_code == pickle.loads(pickle.dumps(error)).error_code == 99
    assert isinstance(errors.exception_from_code(None, None, "what", errors.NOT_FOUND), errors.NotFoundError)


def test_a_status_that_is_not_ok_raises() -> None:
    with errors.raise_exception_on_not_ok_status() as status:
        assert status.code == errors.OK
    with pytest.raises(errors.DataLossError, match="cut off") as caught:
        with errors.raise_exception_on_not_ok_status() as status:
            status.code, status.message = errors.DATA_LOSS, "cut off"
    assert caught.value.error_code == errors.DATA_LOSS
    with pytest.raises(KeyError):
        with errors.raise_exception_on_not_ok_status() as status:
            status.code = errors.DATA_LOSS
            raise KeyError("the block's own error is not hidden")
