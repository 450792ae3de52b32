from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"

    def ready(self) -> None:
        from orders import signals  # noqa: F401  (connects them)
        from orders.services.fulfillment import shipments  # noqa: F401  (it hears of the ends of operations)
