"""The command line's part for whoever connects a platform: what it is told of the bot, and the keys of its tokens."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from deploy.settings import read_settings
from knowledge.text import clean

connecting_app = typer.Typer()
keys_app = typer.Typer(help="The keys that tokens are encrypted with.", no_args_is_help=True)
connecting_app.add_typer(keys_app, name="keys")


@connecting_app.command("slack-manifest")
def slack_manifest(
    *,
    url: Annotated[str, typer.Option(help="Where Slack reaches this server; PILOTLIGHT_PUBLIC_URL unless said.")] = "",
    socket_mode: Annotated[
        bool, typer.Option("--socket-mode", help="For Socket Mode, which needs no address of your own.")
    ] = False,
    link_by_email: Annotated[
        bool,
        typer.Option("--link-by-email", help="Ask for e-mail addresses; PILOTLIGHT_LINK_BY_EMAIL unless said."),
    ] = False,
) -> None:
    """Print the description of the app that Slack asks for."""
    from deploy.manifests import slack_manifest as manifest

    settings = read_settings()
    by_email = link_by_email or settings.link_by_email
    print(manifest(url or settings.public_url, is_socket_mode=socket_mode, links_by_email=by_email), end="")


@connecting_app.command("teams-package")
def teams_package(
    path: Annotated[Path, typer.Argument(metavar="OUT.zip", help="The file to write; it ends in .zip.")],
    *,
    app_id: Annotated[
        str, typer.Option(help="The Application (client) ID in Entra; PILOTLIGHT_TEAMS_APP_ID unless said.")
    ] = "",
    url: Annotated[str, typer.Option(help="Where people reach this server; PILOTLIGHT_PUBLIC_URL unless said.")] = "",
    app_version: Annotated[str, typer.Option(help="Higher than that of the last one you uploaded.")] = "1.0.0",
    overhear: Annotated[
        bool, typer.Option("--overhear", help="Ask for the messages of teams and chats, so that it can help unasked.")
    ] = False,
    publisher: Annotated[str, typer.Option(help="Who publishes it, as people see it.")] = "Pilotlight",
    website: Annotated[str, typer.Option(help="The publisher's page on it; this server's unless said.")] = "",
    privacy: Annotated[str, typer.Option(help="Their privacy notice; this server's unless said.")] = "",
    terms: Annotated[str, typer.Option(help="Their terms of use; this server's unless said.")] = "",
) -> None:
    """Write the app package that Teams asks for."""
    from deploy.teams_manifest import FIRST_VERSION, TeamsApp, write_package

    settings = read_settings()
    app = TeamsApp(
        app_id=app_id or settings.teams_app_id,
        url=url or settings.public_url,
        version=app_version,
        overhears=overhear,
        publisher=publisher,
        website=website,
        privacy=privacy,
        terms=terms,
    )
    write_package(app, path)
    where = "under Teams apps, Manage apps, Actions, Upload new app"
    if app.version != FIRST_VERSION:
        where = "under Teams apps, Manage apps: open Pilotlight there and press Update"
    print(
        clean(
            f"{path} is ready: upload it at https://admin.teams.microsoft.com {where} (docs/how-to/teams.md has every "
            "step)."
        )
    )
    if missing := [f"--{name}" for name in ("privacy", "terms") if not getattr(app, name)]:
        print(clean(f"Without {' and '.join(missing)} people are sent to {app.url}, where there may be no such page."))


@connecting_app.command("prompt")
def prompt(
    person: Annotated[
        str, typer.Argument(help="The person's id: in Slack such as U012ABCDEF, in Teams the Object ID.")
    ],
    *,
    community: Annotated[str, typer.Option(help="Its name; PILOTLIGHT_COMMUNITY unless said.")] = "",
) -> None:
    """Write a short hello to somebody, to see that it reaches them."""
    from deploy.prompting import say_hello

    print(clean(asyncio.run(say_hello(read_settings(), person, community))))


@keys_app.command("new")
def keys_new() -> None:
    """Make a key that tokens are encrypted with."""
    from adapters.slack.encryption import new_key

    print(new_key())


@keys_app.command("rotate")
def keys_rotate() -> None:
    """Encrypt every token anew with the first key, so that the older ones can go."""
    from deploy.keys import rotate_keys

    print(f"Workspaces encrypted with the first key now: {asyncio.run(rotate_keys(read_settings())):,}")
