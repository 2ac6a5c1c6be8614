"""Gradients of node types as nodes of TensorFlow; see `recipe` for what one looks like."""

from __future__ import annotations

from scopedjax._src.graph.gradient_recipes import arrays, elementwise, flows, matrices, networks, reductions
from scopedjax._src.graph.gradient_recipes.recipe import RECIPES, Recipe

__all__ = ["RECIPES", "Recipe", "arrays", "elementwise", "flows", "matrices", "networks", "reductions"]
