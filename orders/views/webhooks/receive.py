import uuid

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from orders.services.webhooks import receive
from orders.services.webhooks.receive import NotSetUp
from orders.services.webhooks.signatures import Wrong


@csrf_exempt
@require_POST
def webhook_receive(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    """Take what RevKeen posts. Its signature is the only proof that counts: no session is asked for.

    Anything that is signed is taken, unknown types too: RevKeen stops posting to an address that refuses.
    """
    fits = int(request.META.get("CONTENT_LENGTH") or 0) <= receive.LARGEST_BODY
    try:
        receive.receive(connection_id, request.headers, request.body if fits else None)
    except NotSetUp:
        return JsonResponse({"error": "Nothing takes webhooks here."}, status=404)
    except Wrong as wrong:
        return JsonResponse({"error": str(wrong)}, status=400)
    return HttpResponse(status=204)
