"""The marketplace: who calls, who answers at a number, and a call has ended."""
