from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"

    def ready(self) -> None:
        from orders import database_checks, signals  # noqa: F401  (registers and connects them)
        from orders.services.fulfillment import shipments  # noqa: F401  (it hears of the ends of operations)
        from orders.services.jobs import sending  # noqa: F401  (likewise)
