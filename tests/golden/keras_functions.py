"""Records what tf.keras of TensorFlow 1.15 answers to `tests/lib/keras/function_programs.py`.

python3.7 tests/golden/keras_functions.py      with tensorflow==1.15.0; writes keras_functions.json beside this file
"""

import importlib.util
import json
import os
import warnings

warnings.simplefilter("ignore")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    """Runs every program and writes the file."""
    path = os.path.join(HERE, "..", "lib", "keras", "function_programs.py")
    spec = importlib.util.spec_from_file_location("function_programs", path)
    programs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(programs)
    answers = {}
    for name, program in programs.PROGRAMS.items():
        tf.keras.backend.clear_session()
        answers[name] = program(tf)
    with open(os.path.join(HERE, "keras_functions.json"), "w") as out:
        json.dump(answers, out, separators=(",", ":"), default=lambda value: value.item())


if __name__ == "__main__":
    main()
