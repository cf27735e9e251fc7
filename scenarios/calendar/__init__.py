"""The year's meetings as registered (Art. 19, 21): read, checked against the rules, planned.

`registration` is what one entry says; `icalendar_file` and `csv_file` read and write it; `rules`
says what is broken and what to move; `occupancy` how much of device and lines is in use when.
"""
