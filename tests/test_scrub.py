"""What is taken out of other people's texts, and what stays."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockerflow.scrub import is_secret, scrub
from tests.support.web import python_path


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("postgres://me:hush@db:5432/shop", "postgres://***@db:5432/shop"),
        ("redis://:hush@cache/0", "redis://***@cache/0"),
        ("amqp://me:hu@sh@mq/", "amqp://***@mq/"),
        ("postgresql+psycopg://me:hu/sh@db", "postgresql+psycopg://***@db"),
        ("...http://me:hush@h", "...http://***@h"),
        ("at https://h/a, then s3://key:hush@h", "at https://h/a, then s3://***@h"),
        ("http://a,http://me:hush@b", "http://a,http://***@b"),
        ("['http://me:hush@a', \"http://me:hush@b\"]", "['http://***@a', \"http://***@b\"]"),
        ("host=db user=me password=hush dbname=shop", "host=db user=me password=*** dbname=shop"),
        ("host=db password='hu \\' sh' port=1", "host=db password=*** port=1"),
        ('host=db PASSWORD="hu sh"', "host=db PASSWORD=***"),
        ("PGPASSWORD=hush psql", "PGPASSWORD=*** psql"),
        ("Server=db;Pwd = hush;Port=1", "Server=db;Pwd = ***;Port=1"),
        ("{'password': 'hush', 'port': 1}", "{'password': ***, 'port': 1}"),
        ('{"passwd":"hu\\"sh"}', '{"passwd":***}'),
        ("password='hu sh", "password=***"),
        ("password='hu sh\\", "password=***"),
        ("connect(password=b'hush')", "connect(password=***)"),
        ("connect(passphrase=hush)", "connect(passphrase=***)"),
        ("https://h/?access_token=hush&page=1", "https://h/?access_token=***&page=1"),
        ("SECRET_KEY='hush'", "SECRET_KEY=***"),
        ("aws_secret_access_key=hush", "aws_secret_access_key=***"),
        ("api_key=hush, apikey=hush, api-key=hush", "api_key=***, apikey=***, api-key=***"),
        ("AccountName=shop;AccountKey=hush==;x=1", "AccountName=shop;AccountKey=***;x=1"),
        ("url='host=db password=hush'", "url='host=db password=***'"),
        ("password   =   hush", "password   =   ***"),
        ('{"password": 1234, "port": 1}', '{"password": ***, "port": 1}'),
        (
            '{"credentials": {"user": "me", "password": "hush"}}',
            '{"credentials": {"user": "me", "password": ***}}',
        ),
        ("https://h/cb?code=hush&key=hush&page=1", "https://h/cb?code=***&key=***&page=1"),
        (200 * "x" + "_password=hush", 200 * "x" + "_password=***"),
        # headers and YAML
        ("Authorization: Bearer hush", "Authorization: ***"),
        (
            "Proxy-Authorization: Digest username=me, x=hush\nHost: h",
            "Proxy-Authorization: ***\nHost: h",
        ),
        (
            "curl -H 'Authorization: Basic aHVzaA==' https://h",
            "curl -H 'Authorization: ***' https://h",
        ),
        ("Cookie: theme=dark; who=hush", "Cookie: ***"),
        ("X-Api-Key: hush", "X-Api-Key: ***"),
        ("X-Auth-Token: Bearer hush", "X-Auth-Token: ***"),
        ("authorization = Bearer hush", "authorization = ***"),
        ("password: hush", "password: ***"),
        ("user: me\npassword: hush\nport: 1", "user: me\npassword: ***\nport: 1"),
        ("Password:hush, user: me", "Password:***, user: me"),
        ("password: required", "password: ***"),  # or that is the password
        ('Authorization: Digest username="me", response="hush"', "Authorization: ***"),
        (
            "{'HTTP_COOKIE': 'a=hush; b=hush', 'PATH_INFO': '/'}",
            "{'HTTP_COOKIE': ***, 'PATH_INFO': '/'}",
        ),
        ("HTTP_AUTHORIZATION: Bearer hush\nA: b", "HTTP_AUTHORIZATION: ***\nA: b"),
        ("Invalid header value b'Bearer hush\\n'", "Invalid header value b'Bearer ***\\n'"),
        ("header value: 'Basic aHVzaA== '", "header value: 'Basic *** '"),
        ("[('Authorization', 'Bearer hush')]", "[('Authorization', 'Bearer ***')]"),
        # other signs between name and value
        ("password => 'hush', port => 1", "password => ***, port => 1"),
        ("password := hush", "password := ***"),
        ("password == 'hush'", "password == ***"),
        # URLs
        ("postgres://me:hu'sh@db/shop", "postgres://***@db/shop"),
        ('postgres://me:hu"sh@db/shop', "postgres://***@db/shop"),
        ("<postgres://me:hu<s>h@db/shop>", "<postgres://***@db/shop>"),
        ("postgres://me:h@u/s@h", "postgres://***@h"),
        # marks in a value
        ("host=db password=hu,sh dbname=shop", "host=db password=*** dbname=shop"),
        ("host=db password=hu;sh", "host=db password=***"),
        ("host=db password=hu&sh port=1", "host=db password=*** port=1"),
        ("host=db password=hu)sh port=1", "host=db password=*** port=1"),
        ("host=db password=hu'sh port=1", "host=db password=*** port=1"),
        ("(password=hush)", "(password=***)"),
        ("Driver=x;PWD={hu;sh};Port=1", "Driver=x;PWD=***;Port=1"),
        # quotes and what holds them
        ("password='hu''sh' port=1", "password=*** port=1"),
        ("login(password='', port=1)", "login(password=***, port=1)"),
        ("Settings(password=SecretStr('hush'), port=1)", "Settings(password=***, port=1)"),
        ("{'password': SecretStr('hush'), 'port': 1}", "{'password': ***, 'port': 1}"),
        ("password=r'hush'", "password=***"),
        ('{"password": ["hush", "hu)sh"], "port": 1}', '{"password": ***, "port": 1}'),
        ('{"password": [\n  "hush"\n],\n"port": 1}', '{"password": ***,\n"port": 1}'),
        ('{"tokens":["hush"],"port":1}', '{"tokens":***,"port":1}'),
        ('{"password":1234,"port":1}', '{"password":***,"port":1}'),
        (r"{\"password\": \"hu\\\"sh\", \"port\": 1}", r"{\"password\": ***, \"port\": 1}"),
        (r"\\\"token\\\":\\\"hush\\\",", r"\\\"token\\\":***,"),
        ("data['password']=hush", "data['password']=***"),
        ('data["password"] = "hush"', 'data["password"] = ***'),
        ("Key (token)=(hush) already exists.", "Key (token)=*** already exists."),
        # percent-encoded
        ("to https%3A%2F%2Fme%3Ahush%40h%2F now", "to https://***@h/ now"),
        ("password%3Dhush", "password=***"),
        ("/login?next=%2Fcb%3Ftoken%3Dhush%26page%3D1", "/login?next=/cb?token=***&page=1"),
        ("/login?next=%252Fcb%253Ftoken%253Dhush", "/login?next=/cb?token=***"),
        ("q=%7B%22password%22%3A%22hush%22%7D", 'q={"password":***}'),
        ("pa%73sword=hush", "password=***"),
        # what is none by its number alone
        ("tokens=hush", "tokens=***"),
    ],
)
def test_credentials_are_taken_out(text, scrubbed):
    assert scrub(text) == scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "",
        'FATAL: password authentication failed for user "me"',
        "Access denied for user 'root'@'localhost' (using password: YES)",
        "connection to server at 127.0.0.1, port 5432 failed: Connection refused",
        "https://example.com/path?page=1#top",
        "mail me@example.com",
        "SQLSTATE code=42P01 (SID=orcl) at key='PRIMARY'",
        "compass=north bypass=1 secretary=nina tokenizer=bpe max_tokens=5 token_type=bearer",
        '{"code": "invalid", "key": "id", "sort_key": "name", "country_code": "DE"}',
        "Key (id)=(1) already exists.",
        "tokens=5, completion_tokens=17, prompt_tokens: 4, sessions=3",
        '{"total_tokens": 9, "active_sessions": 3}',
        "assertion=failed",
        "session_timeout=5, AUTH_USER_MODEL=shop.User, auth_plugin=caching_sha2_password",
        "bearer tokens are not 'basic'",
        "InvalidTokenError: it has expired",
        "jwt.exceptions.InvalidSignatureError: verification failed",
        "at 12:00:01 GET /100%25/a%20b?page=1%262 HTTP/1.1",
        '{"url":"http://h/","mail":"me@example.com"}',
    ],
)
def test_everything_else_stays(text):
    assert scrub(text) == text


@settings(deadline=None)
@given(st.text(), st.text("ab:/@%+-.").filter(lambda text: "://" not in text), st.text())
def test_whatever_stands_around_a_url_its_password_goes(before, password, after):
    assert "hush" not in scrub(f"{before} postgres://me:hush{password}@db {after}")


PIECES = [
    "a.", "x://", "http://h/,", "token", "token ", "token='", 'pwd="\\', "token=(", 'token=["',
    "token={", "token=,", "tokens=5,", 'token:\\"', "token=\\", "Cookie: ", "x://me:", "a:",
    "%3D", "%25", "%3D ", "'bearer ", "HTTP_COOKIE: ",
]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_a_long_text_takes_no_longer_than_its_length_asks_for(piece):
    program = "import sys; from dockerflow.scrub import scrub; scrub(sys.argv[1] * 100_000)"
    # a process of its own: what holds the interpreter cannot be interrupted
    done = subprocess.run(
        [sys.executable, "-c", program, piece],
        env={"PYTHONPATH": python_path()},
        timeout=30,  # seconds; a text that is scanned again and again would need many times that
        check=False,
    )

    assert done.returncode == 0


# Why the value of each name is a secret, or is none
SECRETS = {
    "lets in whoever has it": [
        "password", "new_password1", "userpass", "db_pwd", "passphrase", "passcode", "pin",
        "user_pin", "PINCode", "client_secret", "SECRET_KEY", "credentials", "Authorization",
    ],
    "stands for somebody who is signed in": [
        "token", "access_token", "refreshToken", "csrfmiddlewaretoken", "jwt", "sessionid",
        "session_key", "PHPSESSID", "SAMLResponse", "id_token_hint",
    ],
    "a key with which to call or to decrypt something": [
        "api_key", "apikey", "X-API-Key", "access_key", "AWSAccessKeyId", "aws_secret_access_key",
        "private_key", "privateKeyPem", "encryption_key", "signing_key", "license_key",
        "AccountKey", "shared_key", "master_key", "api_keys", "ssh_key",
    ],
    "a key of a vendor, of which there is no list": ["stripe_key", "mapbox_key", "acme_key"],
    "a code that is asked for in place of a password": [
        "auth_code", "authorizationCode", "access_code", "verification_code", "sms_code",
        "otp_code", "reset_code", "recovery_codes", "backup_code", "activation_code",
        "security_code", "device_code", "user_code", "oobCode", "invitation_code", "pin_code",
    ],
    "proves who signed": ["sig", "signature", "X-Amz-Signature", "hmac", "client_assertion"],
}  # fmt: skip
IN_QUERIES = {
    "OAuth's way in": ["code"],
    "how many interfaces call their key": ["key"],
    "SAML's": ["assertion"],
    "a session, and a ticket of single sign-on": ["sid", "ticket"],
}
NO_SECRETS = {
    "a place in data or in a database": [
        "sort_key", "sortKey", "primary_key", "foreign_key", "natural_key", "partition_key",
        "cache_key", "unique_key", "group_key", "order_key", "lookup_key", "row_key", "hash_key",
        "object_key", "idempotency_key", "translation_key", "issue_key",
        "project_key", "start_key", "LastEvaluatedKey", "primary_keys", "keyboard", "monkey",
        "data_key", "json_key", "redis_key", "s3_key", "registry_key", "VERSION_KEY", "i18n_key",
    ],
    "made to be handed out": ["public_key", "publicKey", "publishable_key", "site_key"],
    "a code from a list that everybody has": [
        "country_code", "countryCode", "COUNTRYcode", "language_code", "lang_code", "zip_code",
        "zipcode", "postal_code", "post_code", "area_code", "currency_code", "state_code",
        "status_code", "error_code", "exit_code", "response_code", "product_code", "color_code",
        "pincode", "airport_code", "tax_code", "country_codes", "codec", "encode",
    ],
    "printed on posters": ["promo_code", "coupon_code", "discount_code", "referral_code"],
    "a property of a secret": [
        "token_type", "tokenType", "password_length", "key_name", "signature_version",
        "pass_rate", "password_changed", "password_changed_at", "signature_valid",
        "session_count", "code_challenge_method", "max_tokens", "has_password", "is_token",
        "session_timeout", "AUTH_USER_MODEL", "authPlugin", "password_field", "SESSION_ENGINE",
    ],
    "only looks like one": ["compass", "bypass", "passenger", "secretary", "tokenizer", "author",
                            "secret_santa", "spin", "design", "signal", "page", "q", "state", "id",
                            "", "123"],
}  # fmt: skip


def names(table):
    return [pytest.param(name, id=f"{name}: {why}") for why in table for name in table[why]]


@pytest.mark.parametrize("name", names(SECRETS))
def test_the_name_of_a_secret_is_known_anywhere(name):
    assert (is_secret(name, in_query=False), is_secret(name, in_query=True)) == (True, True)


@pytest.mark.parametrize("name", names(IN_QUERIES))
def test_a_short_name_is_that_of_a_secret_in_a_query_string_only(name):
    assert (is_secret(name, in_query=False), is_secret(name, in_query=True)) == (False, True)


@pytest.mark.parametrize("name", names(NO_SECRETS))
def test_any_other_name_is_that_of_no_secret(name):
    assert (is_secret(name, in_query=False), is_secret(name, in_query=True)) == (False, False)
