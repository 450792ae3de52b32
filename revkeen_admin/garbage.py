"""What a process that serves for days does with Python's collector of cycles."""

import gc

YOUNG = 20_000  # objects until the youngest are gone through: about two pages' worth
SURVIVED = (20, 50)


def settle() -> None:
    """Leave alone what was loaded once and lives as long as the process, and look at new objects less often.

    Called once everything is loaded: going through some 140,000 objects of modules and templates again and again took
    a seventh of a page's processor time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *SURVIVED)
