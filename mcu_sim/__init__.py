"""The MCU: device and admission, signalling, conferences, media, and the server of them all."""
