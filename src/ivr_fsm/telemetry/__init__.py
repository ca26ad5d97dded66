"""Whether the service is well, and how its calls fare: probes, metrics, traces."""
