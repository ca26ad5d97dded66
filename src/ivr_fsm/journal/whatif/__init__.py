"""The effect of a changed plan on recorded calls, before anybody hears it."""
