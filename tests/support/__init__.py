"""What several files of tests use: the emulator, processes and databases, forms and orders, the matrix of faults."""
