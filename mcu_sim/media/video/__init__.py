"""The MCU's video: composed, switched, asked anew."""
