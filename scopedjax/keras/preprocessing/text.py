"""`tf.keras.preprocessing.text`: texts."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.keras.texts import Tokenizer as Tokenizer
from scopedjax._src.lib.keras.texts import hashing_trick as hashing_trick
from scopedjax._src.lib.keras.texts import one_hot as one_hot
from scopedjax._src.lib.keras.texts import text_to_word_sequence as text_to_word_sequence

__getattr__ = _absent("keras.preprocessing.text")
