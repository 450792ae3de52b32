import io
import logging
from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from orders.models import Connection, Merchant
from tests.conftest import add_key, captured_log, make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.reliability import CANARY, House, Tab


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    with captured_log(logging.INFO) as written:
        yield written


@pytest.fixture
def house(northwind: Merchant, emulator: Emulator, settings: LazySettings, log: io.StringIO) -> House:
    settings.REVKEEN_READ_SECONDS = settings.REVKEEN_CHANGE_SECONDS = 3.0
    emulator.add_key(CANARY, "northwind", "live")
    Connection.objects.filter(merchant=northwind, mode="live").update(active=False)
    add_key(northwind, "live", CANARY, active=True)
    people = [make_person(f"{name}@northwind.example", northwind, "admin") for name in ("ada", "ben")]
    return House(emulator, *(Tab(sign_in(person)) for person in people), log)
