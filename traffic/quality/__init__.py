"""What a listener and a viewer notice of a stream: bursts, pictures, lip-sync, opinion scores."""
