"""The commands ``kmcli cluster`` and ``kmcli assign``: options, inputs, rows, pictures."""
