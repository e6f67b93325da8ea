"""Stand-ins for the metric tasks whose configs and outputs valet writes."""
