"""What is said of a file that does not hold what it must: one error, with the file, the byte and the reason."""

from __future__ import annotations

from scopedjax._src.base import errors


def data_loss(path: str, offset: int, reason: str) -> errors.DataLossError:
    """Returns the error for damage at a place, not raised.

    Args:
      path: The file.
      offset: The byte at which the damaged part begins.
      reason: What is wrong there.
    """
    return errors.DataLossError(
        None,
        None,
        f"{path}, byte {offset}: {reason}. The file was cut off or changed after it was written; restore an earlier "
        "checkpoint (tf.train.get_checkpoint_state(folder).all_model_checkpoint_paths lists them) or bring this one "
        "back from a copy.",
    )


def no_table(path: str, reason: str) -> errors.DataLossError:
    """Returns the error for a file that is no table at all, in TensorFlow's words.

    Args:
      path: The file.
      reason: What shows it.
    """
    return errors.DataLossError(
        None,
        None,
        f"Unable to open table file {path}: Data loss: {reason}: perhaps your file is in a different file format and "
        "you need to use a different restore operator?",
    )


def wrong_checksum(path: str, offset: int, length: int, stored: int, computed: int) -> errors.DataLossError:
    """Returns the error for bytes whose checksum is another than the stored one, in TensorFlow's words."""
    return data_loss(
        path,
        offset,
        f"the next {length} bytes are damaged: Checksum does not match: stored {stored} vs. calculated on the restored "
        f"bytes {computed}",
    )
