"""A query string in a log: readable, bounded, and without the secrets that people put there."""

from urllib.parse import quote, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dockerflow.django.querystring import MAX_QUERY, mask_query

SECRET_KEYS = [
    "token", "access_token", "csrfmiddlewaretoken", "id_token_hint", "refreshToken",
    "password", "new_password1", "passwd", "pass", "passphrase", "passcode", "PASSWORD",
    "secret", "client_secret", "code", "oobCode", "PINCode", "pin", "otp",
    "key", "api_key", "apikey", "api-key", "APIKey", "accesskey", "AWSAccessKeyId",
    "sig", "signature", "X-Amz-Signature", "X-Amz-Credential", "jwt", "auth", "Authorization",
    "session", "sessionid", "PHPSESSID", "sid", "user[password]", "user.pwd",
    "APIkey", "ACCESSkey", "PASSword", "PINcode", "toKen", "authkey", "authcode", "otpcode",
    "smscode", "verificationcode", "resetkey", "userpass", "dbpwd", "pw", "ticket",
    "SAMLResponse", "oauth_verifier", "assertion", "bearer", "hmac", "xsrf",
]  # fmt: skip
OTHER_KEYS = [
    "q", "page", "sort", "keyboard", "monkey", "encode", "decoder", "codec", "passenger", "compass",
    "sort_key", "primary_key", "country_code", "language_code", "zip_code", "filter[country_code]",
    "author", "assess", "signal", "design", "spin", "next", "state", "id", "",
]  # fmt: skip


@pytest.mark.parametrize("key", SECRET_KEYS)
def test_the_value_of_a_key_that_speaks_of_a_secret_is_masked(key: str) -> None:
    assert mask_query(f"a=1&{quote(key)}=hush&b=2") == f"a=1&{key}=***&b=2"


@pytest.mark.parametrize("key", OTHER_KEYS)
def test_the_value_of_any_other_key_is_readable(key: str) -> None:
    assert mask_query(f"{key}=loud") == f"{key}=loud"


@pytest.mark.parametrize(
    ("query", "readable"),
    [
        ("completion_tokens=17&sessions=3&s3_key=a", "completion_tokens=17&sessions=3&s3_key=a"),
        ("", ""),
        ("flag", "flag"),
        ("&&=&a=&=b", "&&=&a=&=b"),
        ("q=a+b%20c%C3%A9%26d", "q=a b cé&d"),
        ("q=%ff%", "q=\ufffd%"),
        ("a=1=2", "a=1=2"),
        ("q=100%2525", "q=100%25"),
        ("q=http%3A%2F%2Fhost%2Fmonkey%3D1", "q=http://host/monkey=1"),
    ],
)
def test_what_holds_no_secret_is_readable(query: str, readable: str) -> None:
    assert mask_query(query) == readable


@pytest.mark.parametrize(
    ("query", "masked"),
    [
        ("Authorization=Bearer+hush", "Authorization=***"),
        ("h=Authorization%3A+Bearer+hush&b=2", "h=Authorization: ***&b=2"),
        ("q=password:hush", "q=password:***"),
        ("q=%7B%22password%22%3A%5B%22hush%22%5D%7D", 'q={"password":***}'),
        ("q=%7B%5C%22password%5C%22%3A%5C%22hush%5C%22%7D", 'q={\\"password\\":***}'),
        ("q=data%5B%27password%27%5D%3Dhush", "q=data['password']=***"),
        ("url=postgres://me:hu'sh@h", "url=postgres://***@h"),
        ("tokens=hush", "tokens=***"),
        ("pass%77ord=hush", "password=***"),
        ("access+token=hush", "access token=***"),
        ("token=hush%26hush%3Dhush", "token=***"),
        ("token=hush=hush", "token=***"),
        ("token=hush&token=hush", "token=***&token=***"),
        ("token=", "token=***"),
        ("a=1;token=hush", "a=1;token=***"),
        ("next=/reset%3Fuser%3D7%26token%3Dhush%23top", "next=/reset?user=7&token=***#top"),
        ("next=/cb%3Fcode%3Dhush", "next=/cb?code=***"),
        (
            "url=https%3A%2F%2Fs3%2Fa%3FX-Amz-Signature%3Dhush",
            "url=https://s3/a?X-Amz-Signature=***",
        ),
        ("url=https%3A%2F%2Fme%3Ahush%40host%2F", "url=https://***@host/"),
        ("next=//me:hush@host/", "next=//***@host/"),
        ("state=token%3Dhush%26x%3D1", "state=token=***&x=1"),
        ("state=a%3Dtoken%3Dhush", "state=a=token=***"),
        ("token%3Dhush", "token=***"),
        ("filter=%7B%22password%22%3A%22hush", 'filter={"password":***'),
        (
            "next=https%3A%2F%2Fu%3Ap%40h%2F%3Fu%3D%252F%253Ftoken%253Dhush",
            "next=https://***@h/?u=/?token=***",
        ),
        ("%2574oken=hush", "%74oken=***"),
        ("next=%252Flogin%253Ftoken%253Dhush", "next=/login?token=***"),
        ("next=%2Fcb%3Fuser%255Btoken%255D%3Dhush", "next=/cb?user[token]=***"),
        ("filter=%7B%22password%22%3A%22hush%22%7D", 'filter={"password":***}'),
        ("https://me:hush@host/", "https://***@host/"),
    ],
)
def test_a_secret_is_masked_however_it_is_wrapped(query: str, masked: str) -> None:
    assert mask_query(query) == masked


@given(st.sampled_from(SECRET_KEYS), st.text(max_size=50))
def test_no_value_can_get_round_the_mask(key: str, value: str) -> None:
    query = urlencode({"a": "1", key: value, "b": "2"}, errors="replace")
    assert mask_query(query) == f"a=1&{key}=***&b=2"


def test_an_address_that_is_cut_before_its_at_sign_shows_no_password() -> None:
    query = "q=" + (MAX_QUERY - 30) * "x" + "&next=https://me:hush" + 100 * "x" + "@host/"
    assert mask_query(query) == "q=" + (MAX_QUERY - 30) * "x" + "&next=https://***..."


def test_a_long_query_string_is_cut() -> None:
    assert mask_query("q=" + (MAX_QUERY - 2) * "x") == "q=" + (MAX_QUERY - 2) * "x"
    assert mask_query("q=" + (MAX_QUERY - 1) * "x") == "q=" + (MAX_QUERY - 2) * "x" + "..."
    assert mask_query("token=" + 100_000 * "x") == "token=***..."


@given(st.text(st.sampled_from("ab=&?;#%:/@+. token")))
@example("@//")
def test_any_query_string_is_masked_and_bounded(query: str) -> None:
    longest = 2 * MAX_QUERY + len("//***...")  # "//@" becomes "//***@"
    assert len(mask_query(1000 * query)) <= longest
