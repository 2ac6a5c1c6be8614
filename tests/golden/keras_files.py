"""Has TensorFlow 1.15 write whole models into HDF5 files: those of `tests/lib/keras/file_models.py`.

python3.7 tests/golden/keras_files.py        with tensorflow==1.15.0; writes keras_files_*.h5 and keras_files.json
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
    path = os.path.join(HERE, "..", "lib", "keras", "file_models.py")
    spec = importlib.util.spec_from_file_location("file_models", path)
    models = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(models)
    answers = {}
    for name in models.MODELS:
        tf.keras.backend.clear_session()
        model = models.made(tf, name)
        model.save(os.path.join(HERE, "keras_files_" + name + ".h5"))
        optimizer = [w.ravel()[:3].tolist() for w in map(tf.keras.backend.get_value, model.optimizer.weights)]
        answers[name] = {"predicted": model.predict(models.data(name)).tolist(), "optimizer": optimizer}
    with open(os.path.join(HERE, "keras_files.json"), "w") as out:
        json.dump(answers, out, indent=None, separators=(",", ":"))


if __name__ == "__main__":
    main()
