"""How scripts begin that run in a database of the bench, and how they ask for pages: as a person who is signed in."""

BEGIN = """
import json, random, statistics, sys, time, uuid
from django.db import connection
from orders.models import CustomerCopy, IndexState, Merchant, OrderCopy, OrderLineCopy, Sweep, Term, User
merchant = Merchant.objects.get(slug="northwind")
print("ready"); input()
"""

# `seconds` is the server's time for a page; beside it goes the processor's, which other people's work lengthens less.
PERSON = (
    BEGIN
    + """
from django.test import Client
from revkeen_admin import garbage
garbage.settle()  # as a server does before its first request
client = Client(HTTP_HOST="localhost")
person = User.objects.get(email="both@example.com")
client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
busy = {}
def processor():
    spent = time.process_time()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            served_by = cursor.fetchone()[0]
        try:
            spent += int(open(f"/proc/{served_by}/schedstat").read().split()[0]) / 1e9
        except OSError:
            pass  # a server elsewhere
    return spent
def seconds(path, **asked):
    spent, started = processor(), time.perf_counter()
    answer = client.get("/northwind/live/" + path, asked)
    b"".join(answer.streaming_content) if answer.streaming else None
    taken = time.perf_counter() - started
    assert answer.status_code in (200, 302), (path, asked, answer.status_code)
    busy.setdefault(path, []).append(processor() - spent)
    return taken
def told(taken):
    taken = sorted(taken)
    return [taken[len(taken) * 95 // 100], taken[-1]]
def in_ms(taken):
    return ", ".join(f"{name} {one * 1000:.0f} ms" for name, one in zip(("p95", "worst"), told(taken)))
"""
)
