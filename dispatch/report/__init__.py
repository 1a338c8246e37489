"""Presentation only: what is shown here was computed in ``study``."""
