"""`tf.examples`: contents; of its tutorials the reader of MNIST is here."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax.examples import tutorials as tutorials

__getattr__ = _absent("examples")
