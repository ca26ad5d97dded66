"""Answers calls on FreeSWITCH with one explicit state machine per call."""
