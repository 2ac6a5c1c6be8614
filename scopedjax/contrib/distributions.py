"""`tf.contrib.distributions`: those of `tf.distributions`, and more."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.distributions.bernoulli import Bernoulli as Bernoulli
from scopedjax._src.lib.distributions.beta import Beta as Beta
from scopedjax._src.lib.distributions.categorical import Categorical as Categorical
from scopedjax._src.lib.distributions.dirichlet import Dirichlet as Dirichlet
from scopedjax._src.lib.distributions.distribution import FULLY_REPARAMETERIZED as FULLY_REPARAMETERIZED
from scopedjax._src.lib.distributions.distribution import NOT_REPARAMETERIZED as NOT_REPARAMETERIZED
from scopedjax._src.lib.distributions.distribution import Distribution as Distribution
from scopedjax._src.lib.distributions.distribution import ReparameterizationType as ReparameterizationType
from scopedjax._src.lib.distributions.gamma import Exponential as Exponential
from scopedjax._src.lib.distributions.gamma import Gamma as Gamma
from scopedjax._src.lib.distributions.kullback_leibler import RegisterKL as RegisterKL
from scopedjax._src.lib.distributions.kullback_leibler import kl_divergence as kl_divergence
from scopedjax._src.lib.distributions.laplace import Laplace as Laplace
from scopedjax._src.lib.distributions.multinomial import DirichletMultinomial as DirichletMultinomial
from scopedjax._src.lib.distributions.multinomial import Multinomial as Multinomial
from scopedjax._src.lib.distributions.multivariate_normal import MultivariateNormalDiag as MultivariateNormalDiag
from scopedjax._src.lib.distributions.multivariate_normal import (
    MultivariateNormalDiagWithSoftplusScale as MultivariateNormalDiagWithSoftplusScale,
)
from scopedjax._src.lib.distributions.normal import Normal as Normal
from scopedjax._src.lib.distributions.softplus_scales import LaplaceWithSoftplusScale as LaplaceWithSoftplusScale
from scopedjax._src.lib.distributions.softplus_scales import NormalWithSoftplusScale as NormalWithSoftplusScale
from scopedjax._src.lib.distributions.student_t import StudentT as StudentT
from scopedjax._src.lib.distributions.uniform import Uniform as Uniform

__getattr__ = _absent("contrib.distributions")
