"""`tf.contrib.lookup`: tables from keys to values, and vocabularies in one call."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.lookup.initializers import KeyValueTensorInitializer as KeyValueTensorInitializer
from scopedjax._src.lib.lookup.initializers import TableInitializerBase as TableInitializerBase
from scopedjax._src.lib.lookup.initializers import TextFileIdTableInitializer as TextFileIdTableInitializer
from scopedjax._src.lib.lookup.initializers import TextFileIndex as TextFileIndex
from scopedjax._src.lib.lookup.initializers import TextFileInitializer as TextFileInitializer
from scopedjax._src.lib.lookup.initializers import TextFileStringTableInitializer as TextFileStringTableInitializer
from scopedjax._src.lib.lookup.mutable import DenseHashTable as MutableDenseHashTable
from scopedjax._src.lib.lookup.mutable import MutableHashTable as MutableHashTable
from scopedjax._src.lib.lookup.tables import FastHashSpec as FastHashSpec
from scopedjax._src.lib.lookup.tables import HasherSpec as HasherSpec
from scopedjax._src.lib.lookup.tables import HashTable as HashTable
from scopedjax._src.lib.lookup.tables import IdTableWithHashBuckets as IdTableWithHashBuckets
from scopedjax._src.lib.lookup.tables import InitializableLookupTableBase as InitializableLookupTableBase
from scopedjax._src.lib.lookup.tables import LookupInterface as LookupInterface
from scopedjax._src.lib.lookup.tables import StrongHashSpec as StrongHashSpec
from scopedjax._src.lib.lookup.vocabularies import index_table_from_file as index_table_from_file
from scopedjax._src.lib.lookup.vocabularies import index_table_from_tensor as index_table_from_tensor
from scopedjax._src.lib.lookup.vocabularies import index_to_string as index_to_string
from scopedjax._src.lib.lookup.vocabularies import index_to_string_table_from_file as index_to_string_table_from_file
from scopedjax._src.lib.lookup.vocabularies import (
    index_to_string_table_from_tensor as index_to_string_table_from_tensor,
)
from scopedjax._src.lib.lookup.vocabularies import string_to_index as string_to_index
from scopedjax._src.lib.lookup.vocabularies import string_to_index_table_from_file as string_to_index_table_from_file
from scopedjax._src.lib.lookup.vocabularies import (
    string_to_index_table_from_tensor as string_to_index_table_from_tensor,
)

__getattr__ = _absent("contrib.lookup")
