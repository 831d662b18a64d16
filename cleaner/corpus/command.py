"""``cleaner corpus``: what was typed -> shards -> an engine -> what is said in the end."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cleaner.document import BODY_TEXT, Label
from cleaner.filter import DONE, FAILED, USAGE, complain, reason
from cleaner.stopping import Stopped, stopping

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cleaner.corpus.inputs import Shard
    from cleaner.corpus.manifest import Manifest
    from cleaner.corpus.progress import Progress
    from cleaner.corpus.run import Done
    from cleaner.corpus.settings import Settings

DESCRIPTION = """\
clean a corpus: files of many documents

Reads Parquet, JSON Lines, WARC, WET, and folders of texts or pages, cleans every document, and writes
what comes of each file to DIR, under the same name. What is done stays done: the same command goes on
where the last one stopped.
"""

EPILOG = """\
files:
  .parquet .pq, .jsonl .ndjson, .warc .wet, .txt .text .md, .html .htm .xhtml; JSON Lines and WARC also
  with .gz or .zst. Of folders, all such files, but for those whose names, or whose folders' names, begin
  with . or _. Addresses as s3://bucket/folder are read through fsspec.
  Parquet and JSON Lines stay what they are, texts and pages become texts, WARC and WET become Parquet.

in DIR:
  the outputs, under the names of the inputs
  _run/rejected.jsonl   rows that could not be read or took too long: file, row and reason
  _run/summary.json     what was removed
  _run/manifest.jsonl   which files are done, with counts and versions
  _run/set-aside/       what --max-removed sets aside

exit status:
  0     done
  1     some rows were rejected, some files could not be read, or the disk is full: the messages say which
  2     the command line is wrong, or DIR belongs to another run: nothing is done
  130   stopped by Ctrl-C: the same command goes on

examples:
  cleaner corpus crawl/*.warc.gz --output clean
  cleaner corpus news.jsonl.zst --field content --to parquet --output clean
  cleaner corpus dumps --sample 5
"""


def main(argv: Sequence[str]) -> int:
    """Run the command and return its exit code."""
    parser = make_parser()
    typed = parser.parse_args(argv)
    try:
        from cleaner.corpus.run import run_shards  # noqa: F401 (is all there that is needed?)
    except ImportError as error:
        complain(f"{error.name} is missing: install what corpora need with: pip install 'linesift[corpus]'")
        return USAGE
    settings = settle(parser, typed)
    with stopping(signal.SIGTERM):
        try:
            return sample(typed, settings) if typed.sample else clean(typed, settings)
        except Refused as error:
            complain(error)
            return USAGE


class Refused(Exception):  # noqa: N818 (it is no error of the program)
    """Nothing can be done; the message says why, and what to do."""


# What was typed


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    from cleaner.cli import Parser, add_deciding, add_kept

    parser = Parser(
        prog="cleaner corpus",
        usage="cleaner corpus [OPTION ...] IN ... --output DIR",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("inputs", metavar="IN", nargs="+", help="a file, a folder, or an address")

    add = parser.add_argument_group("output").add_argument
    add("-o", "--output", metavar="DIR", type=Path, help="the folder to write to")
    add("--to", choices=("parquet", "jsonl", "jsonl.gz", "jsonl.zst"), help="another format than that of the input")
    add("--tag", action="store_true", help="leave the text, and add the spans of its lines with their labels")
    add("--column", metavar="NAME", help="the column that is added (default: removed, with --tag: spans)")
    add("--max-removed", metavar="SHARE", type=share, help="set documents aside that would lose more, as 0.5")

    add_kept(parser)

    group = parser.add_argument_group("how it decides")
    group.add_argument(
        "--field", metavar="NAME", default="text", help="the column or field with the text (default: text)"
    )
    add_deciding(group)

    add = parser.add_argument_group("the run").add_argument
    add("--sample", metavar="N", type=count, help="write nothing: show what would become of N documents")
    add("--workers", metavar="N", type=count, help="processes that clean (default: one for each core)")
    add(
        "--time-limit",
        metavar="SECONDS",
        type=seconds,
        default=30.0,
        help="for a document, or for each megabyte of a large one (default: 30)",
    )
    add("--restart", action="store_true", help="do all anew, whatever is done already")
    add("--resume", action="store_true", help="go on with what is there, or fail if there is nothing (default: either)")
    add("--engine", choices=("local", "ray"), default="local", help="where the work is done (default: local)")
    add("--address", metavar="ADDRESS", help="of a Ray cluster (default: Ray on this machine)")
    add("--quiet", action="store_true", help="no progress, no summary")
    return parser


def share(typed: str) -> float:
    """A number from 0 to 1."""
    value = float(typed)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{typed}: a share is a number from 0 to 1")
    return value


def count(typed: str) -> int:
    """A number of things."""
    value = int(typed)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{typed}: has to be at least 1")
    return value


def seconds(typed: str) -> float:
    """A time that passes."""
    value = float(typed)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{typed}: has to be more than 0")
    return value


def settle(parser: argparse.ArgumentParser, typed: argparse.Namespace) -> Settings:
    """Check that the options fit together; exits on wrong usage."""
    from cleaner.corpus.settings import Settings

    if typed.output is None and not typed.sample:
        parser.error("--output DIR is missing: name a folder to write to, or look first with --sample 5")
    if typed.restart and typed.resume:
        parser.error("--restart and --resume: choose one")
    if typed.address and typed.engine != "ray":
        parser.error("--address goes with --engine ray")
    keep = frozenset(Label) - frozenset(typed.drop) if typed.drop else frozenset(typed.keep or BODY_TEXT)
    return Settings(
        field=typed.field,
        mode="tag" if typed.tag else "rewrite",
        column=typed.column,
        max_removed=typed.max_removed,
        to=typed.to,
        keep=tuple(sorted(keep)),
        packs=tuple(typed.rules),
        disable=tuple(typed.disable),
        model=typed.model,
        favor=typed.favor,
        threshold=typed.threshold,
        time_limit=typed.time_limit,
    )


# The run


def clean(typed: argparse.Namespace, settings: Settings) -> int:
    """Do all shards that are not done yet."""
    import filelock

    from cleaner.corpus.manifest import LOCK, RunError
    from cleaner.corpus.pool import PoolError

    folder = typed.output
    root, shards = find(typed, settings)
    try:
        head = {"inputs": root, **settings.head()}
    except (ValueError, OSError) as error:
        raise Refused(error) from error
    try:
        (folder / LOCK).parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder / LOCK, timeout=0):
            return clean_alone(typed, settings, shards, head)
    except filelock.Timeout:
        raise Refused(f"{folder}: another run is at work there: wait for it, or choose another folder") from None
    except RunError as error:
        raise Refused(error) from error
    except PoolError as error:
        complain(error)
        return FAILED
    except OSError as error:
        complain(f"{error.filename or folder}: {reason(error)}: what is done stays done; the same command goes on")
        return FAILED


def find(typed: argparse.Namespace, settings: Settings) -> tuple[str, list[Shard]]:
    """The shards of the inputs."""
    from cleaner.corpus.inputs import InputError, find_shards

    try:
        root, shards = find_shards(typed.inputs, settings.to, str(typed.output) if typed.output else None)
    except (InputError, ImportError, ValueError) as error:
        raise Refused(error) from error
    if settings.mode == "tag" and not typed.sample and any(shard.to == "text" for shard in shards):
        raise Refused("texts have no place for spans: add --to jsonl or --to parquet to --tag")
    return root, shards


def clean_alone(typed: argparse.Namespace, settings: Settings, shards: list[Shard], head: dict[str, Any]) -> int:
    """The run, once the folder is ours."""
    from cleaner.corpus.manifest import MANIFEST, Manifest, rejected_lines
    from cleaner.corpus.progress import Progress
    from cleaner.corpus.tasks import Rejected

    folder = typed.output
    if typed.resume and not (folder / MANIFEST).exists():
        raise Refused(f"{folder / MANIFEST}: is not there, so there is nothing to go on with: leave out --resume")
    manifest = Manifest(folder, head, typed.restart)
    todo = [shard for shard in shards if not manifest.is_done(shard)]
    manifest.forget(todo)
    if len(todo) < len(shards) and not typed.quiet:
        complain(f"{files(shards) - files(todo)} of {files(shards)} files are done already")
    failed: dict[str, str] = {}
    try:
        with closing(Progress(sum(shard.size for shard in todo), typed.quiet)) as progress:
            for done in engine(typed, settings, todo, progress):
                if done.failed is None:
                    manifest.add(done.entry(), done.notes)
                else:
                    failed[done.shard.name] = done.failed
                    complain(f"{done.shard.sources[0].path}: {done.failed}")
    except (KeyboardInterrupt, Stopped):
        left = files(shard for shard in shards if shard.name not in manifest.done)
        complain(f"stopped: {files(shards) - left} of {files(shards)} files are done; the same command goes on")
        raise
    for shard in todo:
        if shard.name in failed:
            manifest.note(rejected_lines(shard, [Rejected(0, failed[shard.name])]))
    return conclude(manifest, failed, typed.quiet)


def files(shards: Iterable[Shard]) -> int:
    """How many files there are in some shards."""
    return sum(len(shard.sources) for shard in shards)


def engine(typed: argparse.Namespace, settings: Settings, todo: list[Shard], progress: Progress) -> Iterator[Done]:
    """The shards, as they are done."""
    from cleaner.corpus.run import run_shards

    workers = typed.workers or len(
        os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    )
    if typed.engine == "local":
        return run_shards(todo, settings, typed.output, workers, progress)
    try:
        from cleaner.corpus.ray import run_on_ray
    except ImportError as error:
        raise Refused("Ray is missing: install it with: pip install 'linesift[ray]'") from error
    return run_on_ray(todo, settings, typed.output, typed.workers, typed.address, progress)


def conclude(manifest: Manifest, failed: dict[str, str], quiet: bool) -> int:
    """Write the summary, say what there is to say, and return the exit code."""
    from cleaner.corpus import summary

    entries = [entry for _, entry in sorted(manifest.done.items())]
    found = summary.summarize(entries, failed)
    if not summary.adds_up(found):
        raise AssertionError(f"rows do not add up: {found['rows']}: please report this")
    summary.write_summary(manifest.folder, found)
    if not quiet:
        print(summary.shown(found), end="")
    rejected = found["rows"]["rejected"]
    if failed:
        complain(f"{len(failed)} files could not be read; the same command tries them again")
    if rejected:
        first = manifest.first_rejected()
        complain(f"{first['file']}, row {first['row']}: {first['reason']}")
        complain(f"{rejected} rows were rejected: {manifest.rejected_path} tells which, and why")
    return FAILED if failed or rejected else DONE


# Before the run


def sample(typed: argparse.Namespace, settings: Settings) -> int:
    """Show what would become of some documents, drawn at random from the beginnings of the files."""
    from cleaner.cli import wants_color
    from cleaner.corpus.sample import drawn
    from cleaner.render import explanation

    _, shards = find(typed, settings)
    try:
        cleaner = settings.cleaner()
    except (ValueError, OSError) as error:
        raise Refused(error) from error
    found, problems = drawn(shards, settings, typed.sample)
    for number, (place, text, page) in enumerate(found):
        lines = cleaner.label(text) if page is None else cleaner.label_page(page)
        print("\n" if number else "", end="")
        print(explanation(lines, cleaner.keep, place, wants_color("auto", to_file=False)), end="")
    for problem in problems:
        complain(problem)
    sys.stdout.flush()
    return FAILED if problems or not found else DONE
