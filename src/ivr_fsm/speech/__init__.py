"""Speech: recorded prompts, text to speech, and the cache between them."""
