"""A scenario file with everything it cites, all references resolved: network, calls, zones, layouts."""
