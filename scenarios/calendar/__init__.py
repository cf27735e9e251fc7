"""The year's meetings as registered (Art. 19, 21): read, checked against the rules, planned.

`registration` is what one entry says; `icalendar_file` and `csv_file` read and write it; `rules`
what is broken and which meeting gives way; `occupancy` the use of device and lines over time.
"""
