"""Exercises: written, drawn, proven by playing them, played by people, and looked back upon."""
