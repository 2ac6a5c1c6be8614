"""The contents of `tf.nn.rnn_cell`: what a recurrent network does in one time step."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.rnn.cell import RNNCell as RNNCell
from scopedjax._src.lib.rnn.cells import BasicLSTMCell as BasicLSTMCell
from scopedjax._src.lib.rnn.cells import BasicRNNCell as BasicRNNCell
from scopedjax._src.lib.rnn.cells import GRUCell as GRUCell
from scopedjax._src.lib.rnn.cells import LSTMCell as LSTMCell
from scopedjax._src.lib.rnn.cells import LSTMStateTuple as LSTMStateTuple
from scopedjax._src.lib.rnn.wrappers import DeviceWrapper as DeviceWrapper
from scopedjax._src.lib.rnn.wrappers import DropoutWrapper as DropoutWrapper
from scopedjax._src.lib.rnn.wrappers import MultiRNNCell as MultiRNNCell
from scopedjax._src.lib.rnn.wrappers import ResidualWrapper as ResidualWrapper

__getattr__ = _absent("nn.rnn_cell")
