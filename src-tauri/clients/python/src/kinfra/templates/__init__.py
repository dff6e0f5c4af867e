"""Presets of resources."""

from . import resources

__all__ = ["resources"]
