"""As of when the index is: stored facts of what was read, and never when somebody last tried to."""

from datetime import datetime

from orders.models import IndexState, Merchant, Sweep

NEEDED = (*Sweep.OF_STATUS, Sweep.Kind.ALL)


def as_of(merchant: Merchant, mode: str) -> datetime | None:
    """Everything that happened at RevKeen before then is in the index; None until all orders were read once."""
    state = IndexState.objects.filter(merchant=merchant, mode=mode).first()
    sweeps = Sweep.objects.filter(merchant=merchant, mode=mode, kind__in=NEEDED)
    passed = dict(sweeps.values_list("kind", "as_of"))
    if state is None or state.watermark is None or not all(passed.get(kind) for kind in NEEDED):
        return None
    return min([state.watermark, *(at for kind in Sweep.OF_STATUS if (at := passed[kind]) is not None)])
