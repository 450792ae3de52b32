"""The table of items: typed, pasted and out of RevKeen's products, and found by whatever a scanner reads."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from orders.models import Item, Merchant
from orders.services.items import items
from tests.conftest import make_merchant, make_person, sign_in
from tests.support.emulation import Emulator

EAN = "4006381333931"
UPC = "012345678905"


@pytest.fixture
def client(northwind: Merchant) -> Client:
    return sign_in(make_person("operations@northwind.example", northwind, "operations"))


def place(name: str, *args: Any) -> str:
    return reverse(name, args=["northwind", "live", *args])


def paste(client: Client, text: str) -> Any:
    return client.post(place("item_paste"), {"text": text})


def listed(emulator: Emulator) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = emulator.get("/products?limit=100")["data"]
    return found


def kept(merchant: Merchant) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    rows = map(items.as_row, items.found_by(merchant, ""))
    return {row.sku: (row.name, row.bin, row.barcodes) for row in rows}


@pytest.mark.parametrize("delimiter", ["\t", ";", ",", "|"])
def test_a_pasted_table_is_kept_by_the_names_of_its_columns(
    client: Client, northwind: Merchant, delimiter: str
) -> None:
    rows = ["Bin location,EAN,Item,Color", f"A-12-3,{EAN} 20000001,NW-101,red", ",,NW-102,blue"]
    assert paste(client, "\r\n".join(rows).replace(",", delimiter)).status_code == 302
    assert kept(northwind) == {"NW-101": ("", "A-12-3", (EAN, "20000001")), "NW-102": ("", "", ())}


def test_a_missing_column_stays_and_an_empty_cell_empties(client: Client, northwind: Merchant) -> None:
    paste(client, f"SKU,Name,Bin,Barcodes\nNW-101,Tent,A-1,{EAN}\nNW-102,Rope,A-2,{UPC}")
    page = client.post(place("item_paste"), {"text": "sku,bin\nnw-101,B-9\nNW-102,"}, follow=True).content.decode()
    assert "2 changed." in page
    assert kept(northwind) == {"NW-101": ("Tent", "B-9", (EAN,)), "NW-102": ("Rope", "", (UPC,))}
    file = client.get(place("items_file")).content.decode()
    page = client.post(place("item_paste"), {"text": file}, follow=True).content.decode()
    assert "Nothing to change" in page  # what was taken along says the same when it comes back


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("A-1,NW-101\n", "one of them must be SKU"),
        ("SKU,Bin\n", "no rows below its headings"),
        ("SKU,Barcode\nNW-1,4.00638E+12", "Row 2, Barcodes: A spreadsheet has rounded this number"),
        ('SKU,Name\nNW-1,"Tent\nNW-2,Rope\n', "Row 2 cannot be read: a quotation mark is missing or out of place"),
        ("SKU,Name\nNW-1," + "x" * 140_000, "Row 2 cannot be read: a quotation mark is missing or out of place"),
        (f"SKU,Bin\n\nNW-2,{'B' * 41}", "Row 3, Bin: Ensure this value has at most 40 characters"),
        (f"SKU,Bin\nNW-1,A\nNW-2,{'B' * 41}", "Row 3, Bin: Ensure this value has at most 40 characters"),
        ("SKU,Bin\nNW-1,A\nNW-2,B\nnw-1,C", "Row 4, SKU: nw-1 is in row 2 too."),
        ("SKU,Picture\nNW-1,javascript:alert(1)", "Row 2, Picture: Enter an address that starts with https://"),
        (f"SKU,Barcode\nNW-1,{EAN}\nNW-2,{EAN}", f"{EAN} is already on NW-1."),
        ("SKU,Barcode\nNW-1,nw-2\nNW-2,", "nw-2 is already on NW-2."),
    ],
)  # fmt: skip
def test_a_table_with_an_error_is_not_kept_at_all(client: Client, northwind: Merchant, rows: str, says: str) -> None:
    answer = paste(client, rows)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert kept(northwind) == {}


def test_one_paste_may_move_a_barcode_from_one_item_to_another(client: Client, northwind: Merchant) -> None:
    paste(client, f"SKU,Barcode\nNW-1,{EAN}\nNW-2,{UPC}")
    assert paste(client, f"SKU,Barcode\nNW-1,{UPC}\nNW-2,{EAN}").status_code == 302
    assert kept(northwind) == {"NW-1": ("", "", (UPC,)), "NW-2": ("", "", (EAN,))}


@pytest.mark.parametrize("scanned", [EAN, f" {EAN} ", "nw-101", "NW-101", UPC, f"0{UPC}", f"00{UPC}", "Ab-9"])
def test_an_item_is_found_by_its_sku_and_each_of_its_barcodes(northwind: Merchant, scanned: str) -> None:
    user = make_person("admin@northwind.example", northwind, "admin")
    row = items.ItemRow("NW-101", bin="A-1", barcodes=(EAN, UPC, "aB-9"))
    items.save(northwind, [row, items.ItemRow("NW-102", barcodes=("9",))], items.COLUMNS, user)
    other = make_merchant("Contoso", "contoso", "UTC")
    items.save(other, [row], items.COLUMNS, user)
    found = items.of_scan(northwind, scanned)
    assert found is not None
    assert (found.sku, found.merchant_id) == ("NW-101", northwind.pk)
    assert items.of_scan(northwind, EAN[:-1]) is None
    assert items.bins(northwind, ["nw-101", "NW-102", "NW-103"]) == {"nw-101": "A-1"}


def test_an_item_is_added_changed_and_removed_by_hand(client: Client, northwind: Merchant) -> None:
    client.post(place("item_add"), {"sku": "NW-1", "bin": "A", "barcodes": f"{EAN}\n{UPC}"})
    again = client.post(place("item_add"), {"sku": "nw-1", "bin": "B"})
    assert (again.status_code, "in the table already" in again.content.decode()) == (422, True)
    client.post(place("item_add"), {"sku": "NW-2"})
    first, second = Item.objects.order_by("pk")
    taken = client.post(place("item_edit", second.pk), {"sku": "NW-1"})
    assert (taken.status_code, "already on NW-1" in taken.content.decode()) == (422, True)
    client.post(place("item_edit", second.pk), {"sku": "NW-3", "name": "Rope", "barcodes": "77"})
    assert kept(northwind) == {"NW-1": ("", "A", (EAN, UPC)), "NW-3": ("Rope", "", ("77",))}
    assert Item.objects.get(pk=second.pk).changed_by is not None
    client.post(place("item_remove", first.pk))
    assert list(kept(northwind)) == ["NW-3"]


def test_another_merchants_item_is_not_there(client: Client, northwind: Merchant) -> None:
    other = make_merchant("Contoso", "contoso", "UTC")
    item = Item.objects.create(merchant=other, sku="CO-1")
    for answer in (client.get(place("item_edit", item.pk)), client.post(place("item_remove", item.pk))):
        assert answer.status_code == 404
    assert Item.objects.filter(pk=item.pk).exists()


def test_products_fill_in_what_nobody_wrote_down(operations: Client, northwind: Merchant, emulator: Emulator) -> None:
    first, second = [product for product in listed(emulator) if product["product_id"]][:2]
    more = {"metadata": {"barcode": EAN, "bin": "C-7"}, "image_url": "https://pictures.example/1.png"}
    emulator.patch("products", first["id"], **more)
    paste(operations, f"SKU,Bin\n{first['product_id']},A-1")
    operations.post(place("items_fill"))
    found = kept(northwind)
    assert found[first["product_id"]] == (first["name"], "A-1", (EAN,))
    assert found[second["product_id"]][0] == second["name"]
    assert len(found) == len({product["product_id"] for product in listed(emulator)})
    page = operations.post(place("items_fill"), follow=True).content.decode()
    assert "Nothing to change" in page
