"""A recorded call as a story for people: what happened, why, and what it asked for, in words."""
