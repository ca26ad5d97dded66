"""The channel: each call as one message that moves with it, told from the journal, and what people do."""
