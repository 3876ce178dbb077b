"""The only SQL. In go arrivals and commands, out come plain values; everything lies in one SQLite
file of the data directory."""
