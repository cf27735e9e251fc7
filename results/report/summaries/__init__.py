"""What a terminal shows of each kind of answer (`brief`), and the whole of its `summary.md`."""
