"""Scripted regression: expectations, golden logs, first divergence, and runs that can be repeated."""
