""".safetensors files: eight bytes with the length of a header, the header as JSON, and the arrays one after the other.

Reading goes through the `safetensors` library, which checks the header against the file. Its writer wants all arrays
in memory at once, so the file is written here, array by array; the library reads it back in the tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import ml_dtypes  # gives NumPy the names that the library asks it for: bfloat16, float8_e4m3fn, ...
import numpy as np

from scopedjax._src.cli.tensor_files import (
    Array,
    CommandError,
    TensorInfo,
    TensorSink,
    TensorSource,
    item_size,
    replacing,
)

_NAMES: Final = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U64": "uint64",
    "U32": "uint32",
    "U16": "uint16",
    "U8": "uint8",
    "BOOL": "bool",
    "C64": "complex64",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
}
_CODES: Final = {name: code for code, name in _NAMES.items()}
_ALIGNMENT: Final = 8
_METADATA: Final = "__metadata__"


class SafetensorsSource(TensorSource):
    """Reads a .safetensors file."""

    kind = "safetensors file"

    def __init__(self, path: str) -> None:
        super().__init__(path)
        import safetensors

        try:
            # Not by a memory map: a file that shrinks while it is read would end the process.
            self._file: Any = safetensors.safe_open(path, framework="np", backend="pread").__enter__()
            for name in self._file.offset_keys():
                view = self._file.get_slice(name)
                code = view.get_dtype()
                self.tensors[name] = TensorInfo(_NAMES.get(code, str(code)), tuple(view.get_shape()))
        except (safetensors.SafetensorError, ValueError, OverflowError) as error:
            raise self._damaged(error) from error

    def read(self, names: Sequence[str]) -> Mapping[str, Array]:
        """Returns the values of some tensors."""
        import safetensors

        found: dict[str, Array] = {}
        for name in names:
            dtype = self.tensors[name].dtype
            if dtype not in _CODES:
                raise CommandError(f"{self.path}: {name} is of the type {dtype}, which NumPy has no arrays of")
            try:
                found[name] = np.asarray(self._file.get_tensor(name))
            except (safetensors.SafetensorError, ValueError, TypeError, OverflowError) as error:
                raise self._damaged(error) from error
        return found

    def _damaged(self, error: Exception) -> CommandError:
        return CommandError(f"{self.path} is no .safetensors file, or is damaged: {error}")

    def close(self) -> None:
        """Lets go of the file."""
        self._file.__exit__(None, None, None)


class SafetensorsSink(TensorSink):
    """Writes a .safetensors file, one tensor after the other."""

    kind = "A .safetensors file"

    def holds(self, dtype: str) -> bool:
        """Plain numbers; neither strings nor quantized types nor complex128."""
        return dtype in _CODES

    def order(self, tensors: Mapping[str, TensorInfo]) -> list[str]:
        """Large items first, as the library does it: each tensor then begins at a multiple of its items' size."""
        return sorted(tensors, key=lambda name: (-(item_size(tensors[name].dtype) or 0), name))

    def write(self, tensors: Mapping[str, TensorInfo], stream: Iterable[tuple[str, Array]]) -> None:
        """Makes the file."""
        if _METADATA in tensors:
            raise CommandError(f"A .safetensors file cannot hold a tensor called {_METADATA!r}")
        header = _header(tensors)
        with replacing(self.path) as file:
            file.write(len(header).to_bytes(8, "little"))
            file.write(header)
            for _, array in stream:
                flat = np.ascontiguousarray(array).reshape(-1)
                if flat.dtype.byteorder == ">":
                    flat = flat.astype(flat.dtype.newbyteorder("<"))
                file.write(flat.view(np.uint8).data)


def _header(tensors: Mapping[str, TensorInfo]) -> bytes:
    """The header, padded with spaces so that the tensors begin at a multiple of eight bytes."""
    described: dict[str, Any] = {}
    offset = 0
    for name, info in tensors.items():
        end = offset + (info.nbytes or 0)
        described[name] = {"dtype": _CODES[info.dtype], "shape": list(info.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(described, ensure_ascii=False, separators=(",", ":")).encode()
    return text + b" " * (-len(text) % _ALIGNMENT)
