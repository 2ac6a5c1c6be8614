"""TensorFlow's own checkpoint files, read and written without TensorFlow.

Format V2, the "tensor bundle" (`bundle_reader`, `bundle_writer`): a sorted table of names, and the tensors' bytes.

    model-7.index                   a table (`table`, blocks of entries in `block`):
        ""                 -> BundleHeaderProto { num_shards: 1 }
        "conv/bias"        -> BundleEntryProto { dtype, shape, shard 0, offset 0, size 128, crc32c }
        "emb"              -> BundleEntryProto { dtype, shape [4, 3], slices: rows 0-1, rows 2-3 }     partitioned
        "\\0emb...0,2..."   -> BundleEntryProto { ..., shape [2, 3], offset 128, ... }                  one slice of it
    model-7.data-00000-of-00001     conv/bias, then emb rows 0-1, ...: little-endian bytes, strings as lengths and text

Format V1, from before 1.0 (`slices_reader`, `slices_writer`): one table, in which the tensors lie among the names.

    model-7
        ""                 -> SavedTensorSlices { meta: names, types, shapes, slices }
        "\\0conv/bias..."   -> SavedTensorSlices { data: the values, as a TensorProto }

Both are opened by `checkpoint_file.open_file`. What lies where was learned from TensorFlow's `.proto` files and from
the files that it writes, against which the tests compare in both directions.

Invariants:
  - A file is data from outside. Every length and place in it is checked against the size of the file before it is used,
    and what is allocated is in proportion to what the file holds; whatever is wrong is a `DataLossError` that names the
    file and the byte.
  - No byte of a tensor is given out before its CRC-32C has been checked (`mapped` apart, which says so).
  - A checkpoint is replaced by one rename: of the `.index` (V2, `bundle_files`) or of the file (V1).
"""
