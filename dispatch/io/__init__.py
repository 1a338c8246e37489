"""Files to values and back: YAML with line numbers, CSV tables, run folders."""
