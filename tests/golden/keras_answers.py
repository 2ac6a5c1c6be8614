"""Records what tf.keras of TensorFlow 1.15 answers to the programs in `tests/lib/keras`.

python3.7 tests/golden/keras_answers.py        with tensorflow==1.15.0; writes keras_answers.json beside this file
"""

import importlib.util
import inspect
import json
import os
import warnings

warnings.simplefilter("ignore")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import h5py
import numpy as np
import tensorflow as tf


def _as_bytes(read):
    """h5py before version 3 gave text of attributes as bytes, which Keras 1.15 decodes."""

    def wrapped(self, name):
        value = read(self, name)
        if isinstance(value, str):
            return value.encode()
        if isinstance(value, np.ndarray) and value.dtype.kind == "O":
            return np.array([v.encode() if isinstance(v, str) else v for v in value])
        return value

    return wrapped


h5py.AttributeManager.__getitem__ = _as_bytes(h5py.AttributeManager.__getitem__)

HERE = os.path.dirname(os.path.abspath(__file__))


PAGES = (
    "activations",
    "backend",
    "callbacks",
    "constraints",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "optimizers",
    "preprocessing.sequence",
    "regularizers",
    "utils",
)


def signatures():
    """{path: [names of the parameters]} of functions and classes, and of the methods of the main classes."""
    found = {}
    for page in PAGES:
        module = tf.keras
        for part in page.split("."):
            module = getattr(module, part)
        for name in dir(module):
            value = getattr(module, name)
            if callable(value) and not name.startswith("_"):
                found[".".join(("keras", page, name))] = parameters(value.__init__ if inspect.isclass(value) else value)
    for path in ("models.Model", "models.Sequential", "layers.Layer"):
        page, name = path.split(".")
        value = getattr(getattr(tf.keras, page), name)
        for method in dir(value):
            if callable(getattr(value, method)) and not method.startswith("_"):
                found[".".join(("keras", path, method))] = parameters(getattr(value, method))
    return found


def parameters(value):
    try:
        return [n for n in inspect.signature(value).parameters if n not in ("self", "cls")]
    except (TypeError, ValueError):
        return None


def main():
    answers = {}
    for page in ("programs", "recurrent_programs", "model_programs"):
        path = os.path.join(HERE, "..", "lib", "keras", page + ".py")
        spec = importlib.util.spec_from_file_location(page, path)
        programs = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(programs)
        for name, program in programs.PROGRAMS.items():
            tf.keras.backend.clear_session()
            answers[name] = program(tf)
    answers["signatures"] = signatures()
    with open(os.path.join(HERE, "keras_answers.json"), "w") as out:
        json.dump(answers, out, indent=None, separators=(",", ":"))


if __name__ == "__main__":
    main()
