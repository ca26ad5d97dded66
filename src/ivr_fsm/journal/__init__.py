"""The journal: every step of every call, written before its commands leave; reading, keeping, replaying."""
