"""The call, pure: no clock, no sockets, no logging, no settings."""
