"""Signatures and TensorInfos: TensorFlow's messages, field by field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.graph.files import plain
from tests.oracle import Raised, both, check_both, check_both_raise, our_tf, run_body

pytestmark = pytest.mark.oracle


TENSORS: dict[str, Callable[[Any], Any]] = {
    "placeholder": lambda tf: tf.placeholder(tf.float32, [None, 3], name="x"),
    "unknown rank": lambda tf: tf.placeholder(tf.bfloat16, name="x"),
    "scalar": lambda tf: tf.constant(1, name="c"),
    "text": lambda tf: tf.constant(["a", "b"]),
    "second output": lambda tf: tf.split(tf.zeros([4, 2]), 2)[1],
    "variable": lambda tf: tf.Variable([1.0, 2.0], name="v", use_resource=False),
    "resource variable": lambda tf: tf.Variable([1.0, 2.0], name="r", use_resource=True),
    "sparse": lambda tf: tf.sparse_placeholder(tf.int64, [2, 5], name="s"),
    "sparse of unknown shape": lambda tf: tf.sparse_placeholder(tf.string, name="s"),
}


@pytest.mark.parametrize("name", TENSORS)
def test_tensor_infos(name: str) -> None:
    check_both(lambda tf: plain(tf.saved_model.build_tensor_info(TENSORS[name](tf))))


@pytest.mark.parametrize("name", [n for n in TENSORS if "variable" not in n])
@pytest.mark.parametrize("scope", [None, "net"])
def test_tensors_of_tensor_infos(name: str, scope: str | None) -> None:
    def body(tf: Any) -> Any:
        with tf.name_scope(scope):
            tensor = TENSORS[name](tf)
        info = tf.saved_model.build_tensor_info(tensor)
        with tf.Graph().as_default() as graph:
            tf.import_graph_def(tensor.graph.as_graph_def(), name="" if scope is None else "in")
        found = tf.saved_model.get_tensor_from_tensor_info(info, graph, None if scope is None else "in")
        sparse = type(found).__name__ == "SparseTensor"
        parts = (found.indices, found.values, found.dense_shape) if sparse else (found,)
        return sparse, [(t.name, t.dtype.name, t.graph is graph) for t in parts]

    check_both(body)


def _info(tf: Any) -> Any:
    return tf.saved_model.build_tensor_info(tf.placeholder(tf.float32, [], name="x"))


def _changed(info: Any, **fields: Any) -> Any:
    for name, value in fields.items():
        info.ClearField(name) if value is None else setattr(info, name, value)
    return info


@pytest.mark.parametrize(
    "info",
    [
        lambda tf: _changed(_info(tf), name="nowhere:0"),
        lambda tf: _changed(_info(tf), name=None),
    ],
)
def test_tensor_infos_that_say_nothing(info: Callable[[Any], Any]) -> None:
    theirs, ours = both(lambda tf: tf.saved_model.get_tensor_from_tensor_info(info(tf)))
    assert isinstance(theirs, Raised) and isinstance(ours, Raised)
    assert theirs.type == ours.type


SIGNATURES: dict[str, Callable[[Any], Any]] = {
    "predict": lambda tf: tf.saved_model.predict_signature_def(
        {"b": _placeholder(tf), "a": tf.constant(1)}, {"y": tf.sparse_placeholder(tf.float32)}
    ),
    "regress": lambda tf: tf.saved_model.regression_signature_def(_placeholder(tf), tf.zeros([3])),
    "classify": lambda tf: tf.saved_model.classification_signature_def(
        _placeholder(tf), tf.constant(["a"]), tf.zeros([1])
    ),
    "classes": lambda tf: tf.saved_model.classification_signature_def(_placeholder(tf), tf.constant(["a"]), None),
    "scores": lambda tf: tf.saved_model.classification_signature_def(_placeholder(tf), None, tf.zeros([1])),
    "empty": lambda tf: tf.saved_model.build_signature_def(),
    "method": lambda tf: tf.saved_model.build_signature_def({"x": _info(tf)}, {"y": _info(tf)}, "some/method"),
    "defaults": lambda tf: tf.saved_model.build_signature_def(
        {"x": _info(tf)}, None, "m", {"x": tf.constant([1.0, 2.0]), "y": tf.constant("text")}
    ),
}


def _placeholder(tf: Any) -> Any:
    return tf.placeholder(tf.string, [None], name="examples")


@pytest.mark.parametrize("name", SIGNATURES)
def test_signature_defs(name: str) -> None:
    def body(tf: Any) -> Any:
        signature = SIGNATURES[name](tf)
        return plain(signature), tf.saved_model.is_valid_signature(signature)

    check_both(body)


def test_signatures_that_are_not_valid() -> None:
    def body(tf: Any) -> Any:
        found = [tf.saved_model.is_valid_signature(None)]
        for name in ("predict", "regress", "classify", "scores"):
            for field in ("inputs", "outputs", "method_name"):
                signature = SIGNATURES[name](tf)
                signature.ClearField(field)
                found.append(tf.saved_model.is_valid_signature(signature))
            for infos in ("inputs", "outputs"):
                signature = SIGNATURES[name](tf)
                for key in list(getattr(signature, infos)):
                    getattr(signature, infos)[key].dtype = tf.int64.as_datatype_enum
                found.append(tf.saved_model.is_valid_signature(signature))
                getattr(signature, infos)["another"].name = "x:0"
                found.append(tf.saved_model.is_valid_signature(signature))
        return found

    check_both(body)


@pytest.mark.parametrize(
    "call",
    [
        lambda s, tf: s.predict_signature_def({}, {"y": tf.constant(1)}),
        lambda s, tf: s.predict_signature_def({"x": tf.constant(1)}, None),
        lambda s, tf: s.regression_signature_def(None, tf.zeros([])),
        lambda s, tf: s.regression_signature_def(_placeholder(tf), None),
        lambda s, tf: s.regression_signature_def(tf.zeros([]), tf.zeros([])),
        lambda s, tf: s.regression_signature_def(_placeholder(tf), tf.constant(1)),
        lambda s, tf: s.classification_signature_def(None, None, tf.zeros([])),
        lambda s, tf: s.classification_signature_def(_placeholder(tf), None, None),
        lambda s, tf: s.classification_signature_def(tf.zeros([]), None, tf.zeros([])),
        lambda s, tf: s.classification_signature_def(_placeholder(tf), tf.zeros([]), None),
        lambda s, tf: s.classification_signature_def(_placeholder(tf), None, tf.constant(1)),
    ],
)
def test_signatures_that_are_refused(call: Callable[[Any, Any], Any]) -> None:
    check_both_raise(lambda tf: call(tf.saved_model, tf))


@pytest.mark.parametrize(
    "call, phrase",
    [
        (lambda s, tf: s.regression_signature_def("text", tf.zeros([])), "to be of type Tensor"),
        (lambda s, tf: s.classification_signature_def("text", None, tf.zeros([])), "must be a string Tensor"),
        (lambda s, tf: s.build_signature_def(defaults={"x": tf.placeholder(tf.int32)}), "Unable to convert object"),
    ],
)
def test_signatures_of_other_objects(call: Callable[[Any, Any], Any], phrase: str) -> None:
    check_both_raise(lambda tf: call(tf.saved_model, tf), match=phrase)


def test_constants_are_tensorflows() -> None:
    def body(tf: Any) -> Any:
        pages = (tf.saved_model, *(getattr(tf.saved_model, p) for p in ("constants", "tag_constants")))
        pages = (*pages, tf.saved_model.signature_constants)
        return [{name: getattr(page, name) for name in dir(page) if name.isupper()} for page in pages]

    check_both(body)


def test_old_and_new_names_are_one() -> None:
    saved_model = run_body(our_tf(), lambda tf: tf.saved_model)
    assert saved_model.builder.SavedModelBuilder is saved_model.Builder
    assert saved_model.loader.load is saved_model.load
    assert saved_model.utils.build_tensor_info is saved_model.build_tensor_info
    assert saved_model.signature_def_utils.predict_signature_def is saved_model.predict_signature_def


def test_a_signature_by_its_name() -> None:
    """contrib had this up to TensorFlow 1.13."""

    def body(tf: Any) -> Any:
        meta = tf.train.export_meta_graph()
        meta.signature_def["s"].CopyFrom(SIGNATURES["predict"](tf))
        assert tf.contrib.saved_model.get_signature_def_by_key(meta, "s") == meta.signature_def["s"]
        return tf.contrib.saved_model.get_signature_def_by_key(meta, "t")

    raised = run_body(our_tf(), body)
    assert raised.type == "ValueError" and "No SignatureDef with key 't' found in MetaGraphDef" in raised.message
