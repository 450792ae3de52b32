from allauth.account import views as account
from django.urls import include, path, re_path

from orders.views import errors
from orders.views.accounts import account as own

# Of allauth's pages only these: nobody signs up here, and an address is changed by inviting the new one.
sign_in = [
    path("login/", account.login, name="account_login"),
    path("logout/", own.sign_out, name="account_logout"),
    path("reauthenticate/", own.confirm_by_password, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/set/", account.password_set, name="account_set_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(  # not a path(): the key has a hyphen of its own
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/reset/key/done/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("2fa/webauthn/keys/<int:pk>/remove/", own.passkey_remove, name="mfa_remove_webauthn"),
    path("2fa/webauthn/login/", own.passkey_sign_in, name="mfa_login_webauthn"),
    path("2fa/", include("allauth.mfa.urls")),
]

urlpatterns = [
    path("account/", include(sign_in)),
    path("", include("orders.urls")),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error
