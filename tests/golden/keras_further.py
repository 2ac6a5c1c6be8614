"""Records what tf.keras of TensorFlow 1.15 answers to the programs in `tests/lib/keras/further_programs.py`.

python3.7 tests/golden/keras_further.py        with tensorflow==1.15.0; writes keras_further.json beside this file
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
    path = os.path.join(HERE, "..", "lib", "keras", "further_programs.py")
    spec = importlib.util.spec_from_file_location("further_programs", path)
    programs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(programs)
    answers = {}
    for name, program in programs.PROGRAMS.items():
        tf.keras.backend.clear_session()
        answers[name] = program(tf)
    with open(os.path.join(HERE, "keras_further.json"), "w") as out:
        json.dump(answers, out, indent=None, separators=(",", ":"), default=float)


if __name__ == "__main__":
    main()
