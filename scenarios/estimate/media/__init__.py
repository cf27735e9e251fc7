"""What is sent when, and what comes of it: the meeting's streams without a kernel."""
