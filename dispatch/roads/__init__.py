"""Where one can drive and how long it takes: road networks, travel-time matrices, shortest paths."""
