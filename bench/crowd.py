"""People at a slow merchant, in a process of their own so that the measuring one is not disturbed."""

import os
import sys

from bench.load import people

if __name__ == "__main__":
    url, count, seconds = sys.argv[1:]
    outcome = people(int(count), url, float(seconds), {"Cookie": os.environ["CROWD_COOKIE"]})
    print(f"crowd: {len(outcome.times)} pages, {outcome.refused} told to come back, {outcome.errors} errors")
