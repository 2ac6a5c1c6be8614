"""`tf.keras.datasets`: scopedjax downloads nothing; `load_data` says what to do."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax.keras.datasets import boston_housing as boston_housing
from scopedjax.keras.datasets import cifar10 as cifar10
from scopedjax.keras.datasets import cifar100 as cifar100
from scopedjax.keras.datasets import fashion_mnist as fashion_mnist
from scopedjax.keras.datasets import imdb as imdb
from scopedjax.keras.datasets import mnist as mnist
from scopedjax.keras.datasets import reuters as reuters

__getattr__ = _absent("keras.datasets")
