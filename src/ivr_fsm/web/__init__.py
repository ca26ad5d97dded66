"""The web server: pages and files for people and programs, beside the calls."""
