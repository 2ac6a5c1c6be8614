"""`tf.io`: files, records and what is parsed from them."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax.io import gfile as gfile
from scopedjax._src.lib.records.tfrecord import TFRecordCompressionType as TFRecordCompressionType
from scopedjax._src.lib.records.tfrecord import TFRecordOptions as TFRecordOptions
from scopedjax._src.lib.records.tfrecord import TFRecordWriter as TFRecordWriter
from scopedjax._src.lib.records.tfrecord import tf_record_iterator as tf_record_iterator
from scopedjax._src.lib.train.graph_io import write_graph as write_graph
from scopedjax._src.ops.parsing.decoding import decode_csv as decode_csv
from scopedjax._src.ops.parsing.decoding import decode_json_example as decode_json_example
from scopedjax._src.ops.parsing.decoding import decode_raw as decode_raw
from scopedjax._src.ops.parsing.decoding import parse_tensor as parse_tensor
from scopedjax._src.ops.parsing.decoding import serialize_tensor as serialize_tensor
from scopedjax._src.ops.parsing.examples import parse_example as parse_example
from scopedjax._src.ops.parsing.examples import parse_single_example as parse_single_example
from scopedjax._src.ops.parsing.sequence_examples import parse_sequence_example as parse_sequence_example
from scopedjax._src.ops.parsing.sequence_examples import (
    parse_single_sequence_example as parse_single_sequence_example,
)
from scopedjax._src.ops.parsing.features import FixedLenFeature as FixedLenFeature
from scopedjax._src.ops.parsing.features import FixedLenSequenceFeature as FixedLenSequenceFeature
from scopedjax._src.ops.parsing.features import SparseFeature as SparseFeature
from scopedjax._src.ops.parsing.features import VarLenFeature as VarLenFeature
from scopedjax._src.ops.image.coding import decode_bmp as decode_bmp
from scopedjax._src.ops.image.coding import decode_gif as decode_gif
from scopedjax._src.ops.image.coding import decode_image as decode_image
from scopedjax._src.ops.image.coding import decode_jpeg as decode_jpeg
from scopedjax._src.ops.image.coding import decode_png as decode_png
from scopedjax._src.ops.image.coding import encode_jpeg as encode_jpeg

# whole files
from scopedjax._src.lib.train.input.producers import match_filenames_once as match_filenames_once
from scopedjax._src.ops.files.whole_files import read_file as read_file
from scopedjax._src.ops.files.whole_files import write_file as write_file
from scopedjax._src.ops.files.whole_files import matching_files as matching_files

# sparse tensors
from scopedjax._src.ops.sparse.serialization import deserialize_many_sparse as deserialize_many_sparse
from scopedjax._src.ops.sparse.serialization import serialize_many_sparse as serialize_many_sparse
from scopedjax._src.ops.sparse.serialization import serialize_sparse as serialize_sparse

# queues
from scopedjax._src.ops.queues.queue import QueueBase as QueueBase
from scopedjax._src.ops.queues.queue import PaddingFIFOQueue as PaddingFIFOQueue
from scopedjax._src.ops.queues.queue import PriorityQueue as PriorityQueue
from scopedjax._src.ops.queues.queue import RandomShuffleQueue as RandomShuffleQueue

# texts
from scopedjax._src.ops.strings.numbers import decode_base64 as decode_base64
from scopedjax._src.ops.strings.numbers import encode_base64 as encode_base64
from scopedjax._src.ops.image.jpeg import decode_and_crop_jpeg as decode_and_crop_jpeg
from scopedjax._src.ops.image.jpeg import extract_jpeg_shape as extract_jpeg_shape
from scopedjax._src.ops.image.jpeg import is_jpeg as is_jpeg
from scopedjax._src.ops.parsing.compression import decode_compressed as decode_compressed

__getattr__ = _absent("io")
