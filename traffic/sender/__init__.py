"""From media to datagrams that leave when they are due, impaired on purpose and logged."""
