"""What a receiver makes of what comes: statistics, gaps in pictures, requests for key frames."""
