"""`{% url %}` is our own, which keeps what it found: it says what Django's says."""

import uuid

import pytest
from django.template import Context, Template
from django.urls import NoReverseMatch

PLACE = {"merchant": "northwind", "mode": "live", "id": uuid.UUID(int=1)}


def drawn(template: str, **changes: object) -> str:
    return Template(template).render(Context(PLACE | changes))


def test_a_kept_path_is_that_of_its_own_merchant_mode_and_order() -> None:
    template = "{% url 'order_detail' merchant mode id %}"
    for _ in range(2):
        assert drawn(template) == f"/northwind/live/orders/{uuid.UUID(int=1)}/"
        assert drawn(template, mode="test", id=uuid.UUID(int=2)) == f"/northwind/test/orders/{uuid.UUID(int=2)}/"
        assert drawn(template, merchant="kestrel", id=str(PLACE["id"])) == f"/kestrel/live/orders/{uuid.UUID(int=1)}/"


def test_a_path_that_there_is_not_is_refused_each_time_and_as_a_name_is_nothing() -> None:
    for _ in range(2):
        with pytest.raises(NoReverseMatch):
            drawn("{% url 'order_detail' merchant 'staging' id %}")
        assert drawn("{% url 'order_list' merchant 'staging' as way %}({{ way }})") == "()"
        assert drawn("{% url 'order_list' merchant mode as way %}({{ way }})") == "(/northwind/live/orders/)"


def test_a_part_that_nothing_can_be_kept_under_and_named_parts_are_left_to_django() -> None:
    with pytest.raises(NoReverseMatch):
        drawn("{% url 'order_list' merchant mode %}", mode=["live"])
    assert drawn("{% url 'order_list' merchant=merchant mode=mode %}") == "/northwind/live/orders/"
