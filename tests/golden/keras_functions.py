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


def record(programs_name, answers_name, default):
    """Runs every program of a module in `tests/lib/keras` and writes the answers.

    Args:
      programs_name: The module.
      answers_name: The file beside this one, without ".json".
      default: Makes what JSON does not know a number.
    """
    path = os.path.join(HERE, "..", "lib", "keras", programs_name + ".py")
    spec = importlib.util.spec_from_file_location(programs_name, path)
    programs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(programs)
    answers = {}
    for name, program in programs.PROGRAMS.items():
        tf.keras.backend.clear_session()
        answers[name] = program(tf)
    with open(os.path.join(HERE, answers_name + ".json"), "w") as out:
        json.dump(answers, out, separators=(",", ":"), default=default)


if __name__ == "__main__":
    record("function_programs", "keras_functions", lambda value: value.item())
