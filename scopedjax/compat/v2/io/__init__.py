"""tf.compat.v2.io: what TensorFlow 2 has in common with TensorFlow 1."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax.io import FixedLenFeature as FixedLenFeature
from scopedjax.io import FixedLenSequenceFeature as FixedLenSequenceFeature
from scopedjax.io import SparseFeature as SparseFeature
from scopedjax.io import TFRecordOptions as TFRecordOptions
from scopedjax.io import TFRecordWriter as TFRecordWriter
from scopedjax.io import VarLenFeature as VarLenFeature
from scopedjax.io import decode_and_crop_jpeg as decode_and_crop_jpeg
from scopedjax.io import decode_base64 as decode_base64
from scopedjax.io import decode_bmp as decode_bmp
from scopedjax.io import decode_compressed as decode_compressed
from scopedjax.io import decode_gif as decode_gif
from scopedjax.io import decode_image as decode_image
from scopedjax.io import decode_jpeg as decode_jpeg
from scopedjax.io import decode_json_example as decode_json_example
from scopedjax.io import decode_png as decode_png
from scopedjax.io import deserialize_many_sparse as deserialize_many_sparse
from scopedjax.io import encode_base64 as encode_base64
from scopedjax.io import encode_jpeg as encode_jpeg
from scopedjax.io import extract_jpeg_shape as extract_jpeg_shape
from scopedjax.io import is_jpeg as is_jpeg
from scopedjax.io import match_filenames_once as match_filenames_once
from scopedjax.io import matching_files as matching_files
from scopedjax.io import parse_sequence_example as parse_sequence_example
from scopedjax.io import parse_single_sequence_example as parse_single_sequence_example
from scopedjax.io import parse_tensor as parse_tensor
from scopedjax.io import read_file as read_file
from scopedjax.io import serialize_tensor as serialize_tensor
from scopedjax.io import write_file as write_file
from scopedjax.io import write_graph as write_graph
from scopedjax.compat.v2.io import gfile as gfile

__getattr__ = _absent("compat.v2.io")
