"""tf.random: random numbers."""

# ops
from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.ops.nn.candidates import all_candidate_sampler as all_candidate_sampler
from scopedjax._src.ops.nn.candidates import fixed_unigram_candidate_sampler as fixed_unigram_candidate_sampler
from scopedjax._src.ops.nn.candidates import learned_unigram_candidate_sampler as learned_unigram_candidate_sampler
from scopedjax._src.ops.nn.candidates import log_uniform_candidate_sampler as log_uniform_candidate_sampler
from scopedjax._src.ops.nn.candidates import uniform_candidate_sampler as uniform_candidate_sampler
from scopedjax._src.ops.random.sampling import categorical as categorical
from scopedjax._src.ops.random.sampling import get_seed as get_seed
from scopedjax._src.ops.random.sampling import multinomial as multinomial
from scopedjax._src.ops.random.sampling import random_normal as normal
from scopedjax._src.ops.random.sampling import random_shuffle as shuffle
from scopedjax._src.ops.random.sampling import random_uniform as uniform
from scopedjax._src.ops.random.sampling import set_random_seed as set_random_seed
from scopedjax._src.ops.random.sampling import truncated_normal as truncated_normal
from scopedjax._src.ops.random.skewed import random_gamma as gamma
from scopedjax._src.ops.random.skewed import random_poisson as poisson
from scopedjax._src.ops.random.stateless import stateless_categorical as stateless_categorical
from scopedjax._src.ops.random.stateless import stateless_multinomial as stateless_multinomial
from scopedjax._src.ops.random.stateless import stateless_random_normal as stateless_normal
from scopedjax._src.ops.random.stateless import stateless_random_uniform as stateless_uniform
from scopedjax._src.ops.random.stateless import stateless_truncated_normal as stateless_truncated_normal

__getattr__ = _absent("random")
