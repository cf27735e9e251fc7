"""What every other command than `giaoban check` answers, a module each."""
