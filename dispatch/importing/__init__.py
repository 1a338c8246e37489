"""Networks from other formats: OpenStreetMap, OSMnx GraphML, GMNS."""
