"""One live call: session, timers, ports, registry."""
