"""Recordings of conversations: what each one ought to be, and whether it is."""
