"""What a scenario may say: read, checked, and put together with what it names."""
