"""Slack's tokens are kept only encrypted, under keys that an administrator holds."""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from knowledge.errors import PilotlightError

KEYS_SETTING = "PILOTLIGHT_ENCRYPTION_KEYS"


def new_key() -> str:
    return Fernet.generate_key().decode()


class Cipher:
    """Encrypts with the first key; every key decrypts."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise PilotlightError(
                f"{KEYS_SETTING} is empty, and Slack's tokens are kept only encrypted: "
                "make a key with `pilotlight keys new`."
            )
        try:
            self._fernet = MultiFernet([Fernet(key.strip()) for key in keys])
        except ValueError:
            raise PilotlightError(
                f"{KEYS_SETTING} holds a key that is none: `pilotlight keys new` makes one."
            ) from None

    def encrypt(self, secret: str) -> str:
        return self._fernet.encrypt(secret.encode()).decode()

    def decrypt(self, encrypted: str) -> str:
        try:
            return self._fernet.decrypt(encrypted).decode()
        except InvalidToken:
            raise _no_key_fits() from None

    def encrypt_anew(self, encrypted: str) -> str:
        try:
            return self._fernet.rotate(encrypted).decode()
        except InvalidToken:
            raise _no_key_fits() from None


def _no_key_fits() -> PilotlightError:
    return PilotlightError(
        f"A token of Slack was encrypted with a key that is not in {KEYS_SETTING}: "
        "add that key after the others, or install Pilotlight in the workspace again."
    )
