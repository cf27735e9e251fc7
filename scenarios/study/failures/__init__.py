"""Every failure of a province, each tried in an emulation of its own."""
