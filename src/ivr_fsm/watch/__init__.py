"""Watchers: the log of steps, and what the people of the Slack channels are told."""
