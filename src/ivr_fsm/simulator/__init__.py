"""A FreeSWITCH double on the real wire protocol, with phones that follow a script."""
