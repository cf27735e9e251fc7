"""What there is to name: network, units, scenarios, criteria, profiles, devices, schemas."""
