"""`make chaos`: servers that are killed, an API that fails, disks that fill. What takes too long for `make test`."""
