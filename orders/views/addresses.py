from orders.paths import path_of
from orders.requests import MerchantRequest


def address(request: MerchantRequest, page: str = "", /, **changes: object) -> str:
    """This page's address, or that of another one of the merchant, with this page's query.

    Some parameters of it are changed, or taken out where the change is None; empty ones are left out.
    """
    path = path_of(page, request.merchant.slug, request.mode) if page else request.path
    query = request.GET.copy()
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = str(value)
    for name in [name for name, values in query.lists() if values == [""]]:
        del query[name]
    return f"{path}?{query.urlencode()}" if query else path
