"""What if: a scenario with bridges, device, profile, links or meetings changed, and judged."""
