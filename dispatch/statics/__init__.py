"""What a layout covers without simulating it: isochrones, coverage, jurisdictions, standards."""
