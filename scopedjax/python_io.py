"""`tf.python_io`: TFRecord files."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.records.tfrecord import TFRecordCompressionType as TFRecordCompressionType
from scopedjax._src.lib.records.tfrecord import TFRecordOptions as TFRecordOptions
from scopedjax._src.lib.records.tfrecord import TFRecordWriter as TFRecordWriter
from scopedjax._src.lib.records.tfrecord import tf_record_iterator as tf_record_iterator

__getattr__ = _absent("python_io")
