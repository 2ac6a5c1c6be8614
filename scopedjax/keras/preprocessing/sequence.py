"""`tf.keras.preprocessing.sequence`: sequences."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.keras.arrays import pad_sequences as pad_sequences
from scopedjax._src.lib.keras.sequences import TimeseriesGenerator as TimeseriesGenerator
from scopedjax._src.lib.keras.sequences import make_sampling_table as make_sampling_table
from scopedjax._src.lib.keras.sequences import skipgrams as skipgrams

__getattr__ = _absent("keras.preprocessing.sequence")
