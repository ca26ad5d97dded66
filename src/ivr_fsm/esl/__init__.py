"""FreeSWITCH: the event socket, and the only place that knows its words."""
