"""The command line: arguments in, one call of the house, text or JSON out."""

import asyncio
import dataclasses
import logging
import sys
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from bot.voice import speaking
from deploy import printing
from deploy.cli_connecting import connecting_app
from deploy.logs import NAME, logging_to
from deploy.settings import read_settings
from knowledge.errors import PilotlightError
from knowledge.text import clean

_log = logging.getLogger(__name__)

app = typer.Typer(
    name="pilotlight",
    help="Has anyone tried it? Answers from recorded pilots, with sources, the stopped ones too.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
bench_app = typer.Typer(help="Measure this machine; each prints ratios from one run.", no_args_is_help=True)
model_app = typer.Typer(help="Sentence-embedding models, which find pilots by their meaning.", no_args_is_help=True)
moderators_app = typer.Typer(help="Who looks after a community.", no_args_is_help=True)
feedback_app = typer.Typer(help="What people thought of answers.", no_args_is_help=True)
app.add_typer(bench_app, name="bench")
app.add_typer(connecting_app)
app.add_typer(moderators_app, name="moderators")
app.add_typer(feedback_app, name="feedback")
app.add_typer(model_app, name="model")


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer's own way
    if wanted:
        print(f"pilotlight {metadata.version('pilotlight')}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    pass


Community = Annotated[str, typer.Option(help="Its name; PILOTLIGHT_COMMUNITY unless said.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def run(arguments: list[str]) -> int:
    """The exit code: 0, 1 for trouble that was said in a sentence, 2 for a command that cannot be read."""
    try:
        code = app(arguments, standalone_mode=False)
    except PilotlightError as error:
        # What a file holds or is called stands in the sentence: data, also for the terminal.
        print(clean(str(error)), file=sys.stderr)
        return 1
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:  # noqa: BLE001 - whatever it is, people get a sentence and the log the rest
        # A usage error is click's, and typer brings a click of its own; both can say themselves what is wrong.
        if hasattr(error, "format_message"):
            print(f"{error.format_message()} See pilotlight --help.", file=sys.stderr)
            return 2
        print(_report(error), file=sys.stderr)
        return 1
    return code if isinstance(code, int) else 0


@app.command()
def ask(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The question, in quotes.")],
    *,
    as_json: Json = False,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many sources at most.")] = 5,
    person: Annotated[str, typer.Option("--as", metavar="PERSON", help="Ask as this member of the community.")] = "",
) -> None:
    """Find out who has tried something."""
    from deploy.asking import ask_once

    answer, message = asyncio.run(ask_once(read_settings(), text, person=person, limit=limit))
    if as_json:
        printing.as_json(printing.answer_record(answer))
    else:
        printing.message(message)


@app.command()
def chat() -> None:
    """Chat about the pilots of your base."""
    from deploy.chatting import chat_about_base

    asyncio.run(chat_about_base(read_settings()))


@app.command()
def demo() -> None:
    """Chat about the starter catalogue. Without a terminal it is a short tour."""
    from deploy.chatting import run_demo

    asyncio.run(run_demo(read_settings()))


@app.command()
def check() -> None:
    """Say what is configured, what is missing and how to get it."""
    from deploy.checking import check_house

    if not asyncio.run(check_house(read_settings())):
        raise typer.Exit(1)


@app.command()
def serve(
    *,
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 behind a proxy.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on.")] = 3000,
) -> None:
    """Serve Slack and Teams until it is told to stop."""
    from deploy.server import serve as serve_

    settings = read_settings()
    # What is said outside of any one conversation is in the community's language too.
    with speaking(settings.language):
        asyncio.run(serve_(settings, host, port))


@app.command()
def tick(
    *, at: Annotated[str, typer.Option(metavar="INSTANT", help="As if it were that moment; now unless said.")] = ""
) -> None:
    """Ask, remind and send what is due, once. A server does so by itself; this is for cron, and to try it."""
    from deploy.ticking import read_instant
    from deploy.ticking import tick as tick_

    settings = read_settings()

    async def told() -> None:
        async for line in tick_(settings, read_instant(at) if at else None):
            print(clean(line))

    with speaking(settings.language):
        asyncio.run(told())


@app.command("import")
def import_(
    path: Annotated[Path | None, typer.Argument(help="A CSV, XLSX, JSON, JSON Lines or YAML file.")] = None,
    *,
    catalogue: Annotated[str, typer.Option(help="Read it as this known catalogue.")] = "",
    mapping: Annotated[Path | None, typer.Option("--map", help="Read it by this mapping of your own.")] = None,
    starter: Annotated[bool, typer.Option("--starter", help="Import the starter catalogue that ships along.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and keep nothing.")] = False,
    keep_personal_data: Annotated[
        bool, typer.Option("--keep-personal-data", help="Leave e-mail addresses and the like in texts.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring pilots in. The same file twice changes nothing; an edited row becomes a revision."""
    from deploy.carrying import ImportRequest, import_file, make_findable

    if (path is None) is not starter:
        raise PilotlightError("Name one file to import, or --starter: pilotlight import pilots.csv")
    request = ImportRequest(
        path=path, catalogue=catalogue, mapping=mapping, dry_run=dry_run, mask_personal_data=not keep_personal_data
    )
    with printing.progress("Importing", enabled=not as_json) as progressed:
        report = asyncio.run(import_file(read_settings(), request, progressed))
    if not dry_run:
        with printing.progress("Indexing", enabled=not as_json) as progressed:
            asyncio.run(make_findable(read_settings(), progressed))
    if as_json:
        printing.as_json(report.to_record())
    else:
        printing.import_report(report)


@app.command()
def export(path: Annotated[Path, typer.Argument(help="Ends in .csv, .xlsx, .json or .jsonl.")]) -> None:
    """Write every pilot to a file. It imports back to the same pilots."""
    from deploy.carrying import export_file

    with printing.progress("Exporting") as progressed:
        count = asyncio.run(export_file(read_settings(), path, progressed))
    print(clean(f"{count:,} pilots written to {path}"))


@app.command()
def remove(
    pilot: Annotated[str, typer.Argument(metavar="ID", help="Its id, as pilotlight ask … --json gives it.")],
    *,
    because: Annotated[str, typer.Option(help="Why; kept with its history.")] = "",
) -> None:
    """Take a pilot out of sight. Its history stays, and an import does not bring it back."""
    from deploy.carrying import remove_pilot

    title = asyncio.run(remove_pilot(read_settings(), pilot, clean(because)))
    print(clean(f"“{title}” is out of sight now."))


@app.command()
def evaluate(
    *,
    queries: Annotated[Path, typer.Option(help="JSON Lines: _id, text, and answerable where it is known.")],
    qrels: Annotated[Path, typer.Option(help="Tab-separated: query-id, corpus-id, score.")],
    corpus: Annotated[Path | None, typer.Option(help="Judge over these documents (BEIR) instead of the base.")] = None,
    as_json: Json = False,
) -> None:
    """Measure the answers to judged questions. They go the very path of ask."""
    from deploy.asking import evaluate_base

    with printing.progress("Asking", enabled=not as_json) as progressed:
        report = asyncio.run(evaluate_base(read_settings(), queries, qrels, corpus, progressed))
    figures = dataclasses.asdict(report)
    if as_json:
        printing.as_json(figures)
    else:
        printing.figures(figures)


@bench_app.command("search")
def bench_search(
    sizes: Annotated[str, typer.Option(help="Numbers of pilots, with commas between.")] = "10000,100000,1000000",
) -> None:
    """Time the whole search against its bare parts, and show its growth and its memory."""
    from deploy.bench import bench_search as bench

    bench(_sizes(sizes))


@bench_app.command("acknowledge")
def bench_acknowledge(
    *, answers: Annotated[int, typer.Option(min=0, max=500, help="How many answers are written meanwhile.")] = 50
) -> None:
    """Time how soon Slack hears that its event was taken, at rest and while answers are written."""
    from deploy.bench_acknowledge import bench_acknowledge as bench

    bench(answers)


@bench_app.command("sweep")
def bench_sweep(
    sizes: Annotated[str, typer.Option(help="Numbers of pilots, with commas between.")] = "1000,10000,100000",
) -> None:
    """Time the sweep that sends what is due, with ever more that is not."""
    from deploy.bench_sweep import bench_sweep as bench

    bench(_sizes(sizes))


@model_app.command("fetch")
def model_fetch(
    name: Annotated[str, typer.Argument(help="all-MiniLM-L6-v2, or a multilingual one.")] = "all-MiniLM-L6-v2",
) -> None:
    """Get a model from its hub, check its hash, and say how to switch it on."""
    from deploy.models import fetch_model

    with printing.progress("Fetching") as progressed:
        folder = asyncio.run(fetch_model(name, read_settings().data_dir, progress=progressed))
    print(f"{name} is in {folder}. Switch it on with PILOTLIGHT_EMBEDDINGS=onnx:{folder}")


@moderators_app.command("add")
def moderators_add(
    person: Annotated[
        str, typer.Argument(help="The person's id: in Slack such as U012ABCDEF, in Teams the Object ID.")
    ],
    *,
    community: Community = "",
    administrator: Annotated[bool, typer.Option("--administrator", help="Let them do all there is.")] = False,
) -> None:
    """Let somebody look after a community."""
    from bot.members import Role
    from deploy.people import appoint

    role = Role.ADMINISTRATOR if administrator else Role.MODERATOR
    named = asyncio.run(appoint(read_settings(), person, community, role))
    print(clean(f"{person} looks after {named} now."))


@moderators_app.command("remove")
def moderators_remove(
    person: Annotated[str, typer.Argument(help="The person's id.")], *, community: Community = ""
) -> None:
    """Make a moderator a member again."""
    from bot.members import Role
    from deploy.people import appoint

    named = asyncio.run(appoint(read_settings(), person, community, Role.MEMBER))
    print(clean(f"{person} is a member of {named} as all others are."))


@moderators_app.command("list")
def moderators_list(*, community: Community = "") -> None:
    """Say who looks after a community."""
    from deploy.people import moderators

    for member in asyncio.run(moderators(read_settings(), community)):
        print(clean(f"{member.person}: {member.role}"))


@feedback_app.command("export")
def feedback_export(
    path: Annotated[Path, typer.Argument(help="Ends in .csv, .json or .jsonl.")],
    *,
    community: Annotated[str, typer.Option(help="Of this community only; of all unless said.")] = "",
) -> None:
    """Write what people thought of answers to a file."""
    from deploy.people import export_feedback

    count = asyncio.run(export_feedback(read_settings(), path, community))
    print(clean(f"{count:,} opinions written to {path}"))


@app.command(hidden=True)
def docs(
    *,
    check: Annotated[bool, typer.Option("--check", help="Only say whether they are up to date.")] = False,
    folder: Annotated[Path, typer.Option(help="Where the pages are.")] = Path("docs/reference"),
) -> None:
    """Write the reference pages that come from the code."""
    from deploy.reference import write_pages

    stale = write_pages(folder, only_check=check)
    if stale and check:
        raise PilotlightError(f"Out of date: {', '.join(stale)}. Run make docs and commit them.")


def _sizes(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(size) for size in text.split(","))
    except ValueError:
        raise PilotlightError("Sizes are whole numbers with commas between: --sizes 10000,100000") from None


def _report(error: Exception) -> str:
    """Log a fault of ours, and say where."""
    folder = read_settings().data_dir
    try:
        with logging_to(folder):
            _log.error("A command failed", exc_info=error)
    except OSError:
        return f"Something went wrong that should not ({type(error).__name__}), and {folder} takes no log."
    return (
        f"Something went wrong that should not. {folder / NAME} says where; please send it to whoever looks after this."
    )
