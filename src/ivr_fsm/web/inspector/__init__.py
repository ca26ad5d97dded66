"""The inspector: pages on which every call can be seen, live and afterwards."""
