"""The headers of every answer. A page that needs more than they allow names what, and no other page is given it."""

from collections.abc import Iterable

OWN = ("script-src", "style-src", "img-src", "font-src", "connect-src", "form-action")


def content_security_policy(pictures: Iterable[str] = ()) -> str:
    """Everything from our own origin: no inline script or style, no frames, no plug-ins, nothing from elsewhere.

    But for pictures from these origins.
    """
    sources = {directive: " ".join(["'self'", *(pictures if directive == "img-src" else ())]) for directive in OWN}
    own = "; ".join(f"{directive} {source}" for directive, source in sources.items())
    return f"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; {own}"


def permissions_policy(camera: str = "") -> str:
    return (
        f"camera=({camera}), geolocation=(), microphone=(), payment=(), usb=(), "
        "publickey-credentials-get=(self), publickey-credentials-create=(self)"
    )


HEADERS = {
    "Content-Security-Policy": content_security_policy(),
    "Permissions-Policy": permissions_policy(),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store, private",  # static files have their own
}
