"""The benchmark: ``python -m tests.bench``. docs/performance.md explains what it prints."""
