"""A bridge: its SIP user agent and its terminal with camera, microphone, screen."""
