"""The demo: every scenario of the call flow, played on the simulated switch over real sockets."""
