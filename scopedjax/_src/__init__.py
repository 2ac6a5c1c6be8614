"""The implementation, floor by floor; users import from `scopedjax` only."""
