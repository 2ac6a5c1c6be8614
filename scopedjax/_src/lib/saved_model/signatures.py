"""SignatureDef: what a SavedModel takes and gives, by names of its own.

    "serving_default"   inputs  {"image": x:0}        method_name "tensorflow/serving/predict"
                        outputs {"scores": softmax:0}

Three methods have rules, which TensorFlow Serving checks: a classifier and a regressor take serialized
`tf.train.Example`s and give text and float32; a prediction takes and gives anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from scopedjax._src.base import dtypes
from scopedjax._src.graph import protos
from scopedjax._src.graph.tensor import Tensor
from scopedjax._src.lib.saved_model import names
from scopedjax._src.lib.saved_model.tensor_info import build_tensor_info

_STRING: Final = dtypes.string.as_datatype_enum
_FLOAT: Final = dtypes.float32.as_datatype_enum


def build_signature_def(
    inputs: Mapping[str, Any] | None = None,
    outputs: Mapping[str, Any] | None = None,
    method_name: str | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> Any:
    """Returns a SignatureDef.

    Args:
      inputs: TensorInfos of the inputs by name.
      outputs: TensorInfos of the outputs by name.
      method_name: What it is for: one of the `..._METHOD_NAME` constants, or any text.
      defaults: Constants that inputs have where none is given, by name.

    Raises:
      ValueError: A default is no constant.

    >>> info = tf.saved_model.build_tensor_info(tf.placeholder(tf.float32, [], name="x"))
    >>> tf.saved_model.build_signature_def({"x": info}, {"y": info}, "copy").outputs["y"].name
    'x:0'
    """
    signature = protos.SignatureDef()
    for target, given in ((signature.inputs, inputs), (signature.outputs, outputs)):
        for name, info in (given or {}).items():
            target[name].CopyFrom(protos.converted(info, "TensorInfo"))
    if method_name is not None:
        signature.method_name = method_name
    for name, default in (defaults or {}).items():
        if not isinstance(default, Tensor) or default.op.type != "Const":
            raise ValueError(f"Unable to convert object {default} of type {type(default)} to TensorProto.")
        signature.defaults[name].CopyFrom(default.op.node_def.attr["value"].tensor)
    return signature


def predict_signature_def(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> Any:
    """Returns the SignatureDef of a prediction.

    Args:
      inputs: Tensors by name.
      outputs: Tensors by name.

    Raises:
      ValueError: One of them is empty.

    >>> x = tf.placeholder(tf.float32, [None, 3], name="x")
    >>> tf.saved_model.predict_signature_def({"x": x}, {"y": x}).method_name
    'tensorflow/serving/predict'
    """
    if not inputs:
        raise ValueError("Prediction `inputs` cannot be None or empty.")
    if not outputs:
        raise ValueError("Prediction `outputs` cannot be None or empty.")
    return build_signature_def(_infos(inputs), _infos(outputs), names.PREDICT_METHOD_NAME)


def regression_signature_def(examples: Any, predictions: Any) -> Any:
    """Returns the SignatureDef of a regression.

    Args:
      examples: Text tensor that takes serialized examples.
      predictions: float32 tensor.

    Raises:
      ValueError: One of them is missing, or has another dtype.

    >>> examples = tf.placeholder(tf.string, [None], name="examples")
    >>> signature = tf.saved_model.regression_signature_def(examples, tf.zeros([3]))
    >>> sorted(signature.inputs), sorted(signature.outputs)
    (['inputs'], ['outputs'])
    """
    if examples is None:
        raise ValueError("Regression `examples` cannot be None.")
    if not isinstance(examples, Tensor):
        raise ValueError(
            f"Expected regression `examples` to be of type Tensor. Found `examples` of type {type(examples)}."
        )
    if predictions is None:
        raise ValueError("Regression `predictions` cannot be None.")
    given = _info_of(
        examples, _STRING, "Regression input tensors must be of type string. Found tensors with type {dtype}."
    )
    found = _info_of(
        predictions, _FLOAT, "Regression output tensors must be of type float. Found tensors with type {dtype}."
    )
    return build_signature_def({names.REGRESS_INPUTS: given}, {names.REGRESS_OUTPUTS: found}, names.REGRESS_METHOD_NAME)


def classification_signature_def(examples: Any, classes: Any, scores: Any) -> Any:
    """Returns the SignatureDef of a classifier.

    Args:
      examples: Text tensor that takes serialized examples.
      classes: Text tensor of labels, or None.
      scores: float32 tensor, or None.

    Raises:
      ValueError: `examples` or both outputs are missing, or something has another dtype.

    >>> examples = tf.placeholder(tf.string, [None], name="examples")
    >>> signature = tf.saved_model.classification_signature_def(examples, None, tf.zeros([3, 2]))
    >>> sorted(signature.outputs)
    ['scores']
    """
    if examples is None:
        raise ValueError("Classification `examples` cannot be None.")
    if not isinstance(examples, Tensor):
        raise ValueError(
            f"Classification `examples` must be a string Tensor. Found `examples` of type {type(examples)}."
        )
    if classes is None and scores is None:
        raise ValueError("Classification `classes` and `scores` cannot both be None.")
    given = _info_of(
        examples, _STRING, "Classification input tensors must be of type string. Found tensors of type {dtype}"
    )
    outputs: dict[str, Any] = {}
    if classes is not None:
        outputs[names.CLASSIFY_OUTPUT_CLASSES] = _info_of(
            classes, _STRING, "Classification classes must be of type string Tensor. Found tensors of type {dtype}.`"
        )
    if scores is not None:
        outputs[names.CLASSIFY_OUTPUT_SCORES] = _info_of(
            scores, _FLOAT, "Classification scores must be a float Tensor."
        )
    return build_signature_def({names.CLASSIFY_INPUTS: given}, outputs, names.CLASSIFY_METHOD_NAME)


def _infos(tensors: Mapping[str, Any]) -> dict[str, Any]:
    return {name: build_tensor_info(tensor) for name, tensor in tensors.items()}


def _info_of(tensor: Any, enum: int, problem: str) -> Any:
    info = build_tensor_info(tensor)
    if info.dtype != enum:
        raise ValueError(problem.format(dtype=info.dtype))
    return info


def get_signature_def_by_key(meta_graph_def: Any, signature_def_key: str) -> Any:
    """Returns a signature of a MetaGraphDef.

    Args:
      meta_graph_def: The MetaGraphDef, as `tf.saved_model.load` returns it.
      signature_def_key: Name of the signature.

    Raises:
      ValueError: There is no such signature.

    >>> tf.contrib.saved_model.get_signature_def_by_key(tf.train.export_meta_graph(), "serving_default")
    Traceback (most recent call last):
    ...
    ValueError: No SignatureDef with key 'serving_default' found in MetaGraphDef. It has [].
    """
    if signature_def_key not in meta_graph_def.signature_def:
        raise ValueError(
            f"No SignatureDef with key '{signature_def_key}' found in MetaGraphDef. It has "
            f"{sorted(meta_graph_def.signature_def)}."
        )
    return meta_graph_def.signature_def[signature_def_key]


# ------------------------------------------------------------------------------------------------------------- checking


def is_valid_signature(signature_def: Any) -> bool:
    """Returns whether TensorFlow Serving takes a signature: its names and dtypes are those of its method.

    Args:
      signature_def: The SignatureDef, or None.

    >>> x = tf.placeholder(tf.float32, [None, 3], name="x")
    >>> tf.saved_model.is_valid_signature(tf.saved_model.predict_signature_def({"x": x}, {"y": x}))
    True
    >>> tf.saved_model.is_valid_signature(tf.saved_model.build_signature_def(method_name="other"))
    False
    """
    if signature_def is None:
        return False
    inputs, outputs = signature_def.inputs, signature_def.outputs
    if signature_def.method_name == names.PREDICT_METHOD_NAME:
        return bool(inputs) and bool(outputs)
    if signature_def.method_name == names.REGRESS_METHOD_NAME:
        return _has(inputs, {names.REGRESS_INPUTS: _STRING}) and _has(outputs, {names.REGRESS_OUTPUTS: _FLOAT})
    if signature_def.method_name == names.CLASSIFY_METHOD_NAME:
        allowed = {names.CLASSIFY_OUTPUT_CLASSES: _STRING, names.CLASSIFY_OUTPUT_SCORES: _FLOAT}
        present = {name: enum for name, enum in allowed.items() if name in outputs}
        return _has(inputs, {names.CLASSIFY_INPUTS: _STRING}) and bool(present) and _has(outputs, present)
    return False


def _has(infos: Any, wanted: Mapping[str, int]) -> bool:
    """Whether there are exactly these names, with these dtypes."""
    return set(infos) == set(wanted) and all(infos[name].dtype == enum for name, enum in wanted.items())
