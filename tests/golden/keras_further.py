"""Records what tf.keras of TensorFlow 1.15 answers to the programs in `tests/lib/keras/further_programs.py`.

python3.7 tests/golden/keras_further.py        with tensorflow==1.15.0; writes keras_further.json beside this file
"""

from keras_functions import record

if __name__ == "__main__":
    record("further_programs", "keras_further", float)
