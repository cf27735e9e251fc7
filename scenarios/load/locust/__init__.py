"""The load test's users under Locust: what runs in its processes."""
