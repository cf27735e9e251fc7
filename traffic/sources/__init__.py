"""What is sent: audio, video and content as RTP streams, and the models behind them."""
