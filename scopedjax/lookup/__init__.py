"""`tf.lookup`: tables from keys to values."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.lookup.initializers import KeyValueTensorInitializer as KeyValueTensorInitializer
from scopedjax._src.lib.lookup.initializers import TextFileIndex as TextFileIndex
from scopedjax._src.lib.lookup.initializers import TextFileInitializer as TextFileInitializer
from scopedjax._src.lib.lookup.tables import StaticHashTable as StaticHashTable
from scopedjax._src.lib.lookup.tables import StaticVocabularyTable as StaticVocabularyTable
from scopedjax.lookup import experimental as experimental

__getattr__ = _absent("lookup")
