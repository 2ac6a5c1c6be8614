"""`QueueRunnerDef`: a queue runner as the names of its nodes, in the form that a MetaGraphDef holds.

The message is TensorFlow's on the wire (`queue_runner.proto`), made here in a descriptor pool of its own, since no
package that scopedjax depends on ships it; where real TensorFlow is loaded too, neither side sees the other.
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_Field: Final = descriptor_pb2.FieldDescriptorProto
_TEXTS: Final = (("queue_name", 1), ("enqueue_op_name", 2), ("close_op_name", 3), ("cancel_op_name", 4))


def _made() -> Any:
    file = descriptor_pb2.FileDescriptorProto(
        name="tensorflow/core/protobuf/queue_runner.proto", package="tensorflow", syntax="proto3"
    )
    message = file.message_type.add(name="QueueRunnerDef")
    for name, number in _TEXTS:
        label = _Field.LABEL_REPEATED if number == 2 else _Field.LABEL_OPTIONAL
        message.field.add(name=name, number=number, type=_Field.TYPE_STRING, label=label)
    # An enum in TensorFlow: the error codes, which are the same numbers on the wire.
    message.field.add(
        name="queue_closed_exception_types", number=5, type=_Field.TYPE_INT32, label=_Field.LABEL_REPEATED
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.QueueRunnerDef"))


QueueRunnerDef: Any = _made()
QueueRunnerDef.__doc__ = "The names of a queue runner's queue and nodes, and the errors that mean the end of the input."
