"""Choosing elements by value: `where`, `boolean_mask`, `unique`, `dynamic_partition`, `scatter_nd`."""

from __future__ import annotations
