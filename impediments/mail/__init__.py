"""Mails that come in: addresses.py names them, letters.py reads them, intake.py keeps them, reading.py acts on them."""
