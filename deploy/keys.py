"""The keys that tokens are encrypted with, from the command line."""

from adapters.slack.installations import Installations
from adapters.sql import open_database
from deploy.settings import InvalidSettingsError, Settings, variable
from deploy.wiring import prepare_folder


async def rotate_keys(settings: Settings) -> int:
    """Encrypt every token anew with the first key; of how many workspaces that were."""
    if not settings.keys:
        raise InvalidSettingsError(f"{variable('encryption_keys')} is empty: put the new key first, then the old ones.")
    prepare_folder(settings)
    async with open_database(settings.database) as database:
        store = Installations(
            client_id=settings.slack_client_id,
            transactions=database.connections.turn_taking_engine,
            keys=settings.keys,
        )
        return await store.encrypt_anew()
