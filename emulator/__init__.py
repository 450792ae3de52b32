"""Remote APIs stood in for: real HTTP on loopback that remembers, refuses what the real ones refuse, fails on demand.

A program of its own (`python -m emulator`); it shares nothing with the application that talks to it.
"""
