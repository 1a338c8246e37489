"""From logs to statements: measures, estimates, comparisons."""
