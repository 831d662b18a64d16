"""The command: what was typed -> what it means; `filter.py` does the work.

Nothing heavy is imported before it is needed: help is to appear at once.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cleaner.document import BODY_TEXT, LABELS, Label
from cleaner.favor import FAVOR
from cleaner.filter import DONE, FAILED, STDIN, Job, complain, load, reason, run
from cleaner.stopping import HANG_UP, Stopped, stopping

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleaner.pipeline import Cleaner

INTERRUPTED = 130

COMMANDS: dict[str, str] = {  # subcommand -> the module whose `main` runs it
    "corpus": "cleaner.corpus.command",
    "score": "cleaner.score",
    "train": "cleaner.training.command",
}

DESCRIPTION = """\
keep the body of web text

Reads web pages, or text that was extracted from them, decides line by line what it is, and writes the lines that
are the text itself: no captions, calls to subscribe, link lists, author boxes, notices and the like.
Kept lines stay exactly as they are. The output is UTF-8.
"""

EPILOG = f"""\
labels:
  kept by default      {", ".join(LABELS[:2])}
  dropped by default   {", ".join(LABELS[2:6])},
                       {", ".join(LABELS[6:])}
  LABELS are some of these, with commas between them.

pages:
  What starts like HTML is taken for a page. Each block of its text is a line. --format markdown keeps
  headings, lists, tables, code and emphasis; --format jsonl writes a record for each input, with "text",
  "labels" ([[start, end, label, probability], ...] of the lines in it) and what a page says of itself:
  "title", "authors", "date", "language", "site_name". With --jsonl --html the field holds a page.

several files:
  The text of each is parted from the next by a blank line. Records of --lines and --jsonl get a field
  "path", unless there is one.

how it decides:
  The probability that a line is text is that of the labels that are kept, together. --favor precision drops
  what is below 0.8, also if its likeliest label is one to keep; --favor recall keeps what is 0.2 or more.
  --threshold draws one line for all. What certain rules say stands in any case.

JSON Lines:
  Records come out as soon as they can, in order. Lines that are no such records are reported and left out.
  With --labels the text stays, and a field "labels" is added: [[start, end, label, probability], ...],
  counted in characters of the text.

exit status:
  0   done, even if nothing is kept
  1   some input failed, or some lines of JSON Lines: the messages say which; the rest is done
  2   the command line is wrong, or a rule pack or model cannot be used: nothing is done
  4   nothing is kept, with --exit-status

commands:
  cleaner corpus        folders of texts or pages, Parquet, JSON Lines, WARC: see cleaner corpus --help
  cleaner score         how good the labels are on documents that are labelled already
  cleaner train         a model of your own from documents that are labelled already

environment:
  NO_COLOR, TERM=dumb   no colour, unless --color always is given

examples:
  cleaner article.txt                      the text
  curl -s https://example.com/ | cleaner   the same of a page
  cleaner --explain article.txt | less     the reasons
  cleaner --keep body,caption *.txt --output-dir out
  cleaner --labels article.txt | grep ^ad
  zstdcat news.jsonl.zst | cleaner --jsonl --field content > clean.jsonl
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; ``SystemExit`` comes from help and wrong usage."""
    argv = sys.argv[1:] if argv is None else argv
    try:
        try:
            if argv and argv[0] in COMMANDS:
                return int(import_module(COMMANDS[argv[0]]).main(argv[1:]))
            return command(argv)
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except Stopped as stop:
        return stop.code
    except BrokenPipeError:
        abandon_stdout()
        return DONE
    except OSError as error:  # of inputs and files it has been dealt with: this is standard output's
        abandon_stdout()
        complain(f"<stdout>: {reason(error)}")
        return FAILED


def abandon_stdout() -> None:
    """Let what is still to be written vanish: else Python complains about it when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def command(argv: Sequence[str]) -> int:
    """Understand the command line and do what it says."""
    parser = make_parser()
    # Some versions of argparse take what follows -- for options when these may stand between files.
    end = argv.index("--") if "--" in argv else len(argv)
    typed = parser.parse_intermixed_args(argv[:end])
    typed.files += argv[end + 1 :]
    if typed.completion:
        print(completion(parser, typed.completion))
    elif typed.man:
        from cleaner import __version__
        from cleaner.manual import manual

        print(manual(parser, __version__), end="")
    elif typed.version:
        print(version(load(settle(parser, typed))))
    else:
        job = settle(parser, typed)
        with stopping(signal.SIGTERM, HANG_UP):
            return run(job)
    return DONE


# What was typed


class Parser(argparse.ArgumentParser):
    """A command line whose help raises ``OSError`` where the disk is full; argparse says nothing of that."""

    def print_help(self, file: Any = None) -> None:
        """Print it."""
        print(self.format_help(), end="", file=file)


class ShortHelp(argparse.Action):
    """Help that ends after the options."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Print it and exit."""
        parser.epilog = None
        parser.print_help()
        parser.exit()


def add_kept(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which labels are kept."""
    add = parser.add_argument_group("what is kept").add_mutually_exclusive_group().add_argument
    add("--keep", metavar="LABELS", type=labels, action="extend", help="keep these (default: heading,body)")
    add("--drop", metavar="LABELS", type=labels, action="extend", help="drop these, keep all others")


def add_deciding(group: argparse._ArgumentGroup) -> None:
    """Add the options that say what decides: rules and model."""
    add = group.add_argument
    add("--rules", metavar="PACK.toml", action="append", default=[], help="add a rule pack; may be repeated")
    add("--disable", metavar="RULES", type=names, action="extend", default=[], help="switch off rules, by id")
    add("--model", metavar="PATH", help="use another model for text; pages have one of their own")
    add = group.add_mutually_exclusive_group().add_argument
    add(
        "--favor",
        choices=tuple(FAVOR),
        help="precision: drop also what is kept with doubt; recall: keep also what is dropped with doubt"
        " (default: balanced)",
    )
    add(
        "--threshold",
        metavar="P",
        type=float,
        help="keep what is text with a probability of at least P, above 0 and below 1",
    )


def make_parser() -> argparse.ArgumentParser:
    """The command line; help, completion and manual page are made from it."""
    parser = Parser(
        prog="cleaner",
        usage="cleaner [OPTION ...] [FILE ...]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
        allow_abbrev=False,
    )
    parser.add_argument("files", metavar="FILE", nargs="*", help="text to clean; - or none: standard input")

    add_kept(parser)

    group = parser.add_argument_group("what is shown")
    add = group.add_mutually_exclusive_group().add_argument
    const: dict[str, Any] = {"dest": "form", "action": "store_const"}
    add(
        "--labels",
        const="labels",
        **const,
        help="label, probability and text of each line, with tabs between",
    )
    add("--lines", const="lines", **const, help="a JSON record for each line")
    add(
        "--explain",
        const="explain",
        **const,
        help="each line with the reasons; dropped lines dimmed, after a -",
    )
    add("--format", choices=("text", "markdown", "jsonl"), dest="form", help="of what is kept (default: text)")
    add = group.add_argument
    add("--links", action="store_true", help="keep links, in --format markdown")
    add("--no-title", dest="title", action="store_false", help="leave out headings that repeat the title of their page")
    add("--color", choices=("auto", "always", "never"), default="auto", help="in --explain (default: auto)")

    add = parser.add_argument_group("input").add_argument
    add("--input", choices=("auto", "text", "html"), help="what inputs are (default: auto, as they look)")
    add("--html", action="store_const", const="html", dest="input", help="the same as --input html")
    add("--via", choices=("trafilatura",), help="let this find the text of pages first, then clean that")
    add("--jsonl", action="store_true", help="JSON Lines in and out: just the text in each record changes")
    add("--field", metavar="NAME", help="the field that holds the text (default: text)")
    add("--encoding", metavar="NAME", type=encoding, help="default: a byte order mark's; UTF-8; what a page declares")
    add("--strict", action="store_true", help="fail on bad bytes; else U+FFFD stands for them")

    add_deciding(parser.add_argument_group("how it decides"))

    add = parser.add_argument_group("output").add_mutually_exclusive_group().add_argument
    add("-o", "--output", metavar="FILE", help="write to FILE, whole or not at all")
    add("--output-dir", metavar="DIR", type=Path, help="write a file for each input, of its name, to DIR")

    add = parser.add_argument_group("other").add_argument
    add("--exit-status", action="store_true", help="exit with 4 if nothing is kept")
    add("-h", action=ShortHelp, nargs=0, help="show these options")
    add("--help", action="help", help="show also details, exit codes and examples")
    add("--version", action="store_true", help="versions of program, model and rule packs")
    add("--completion", choices=("bash", "zsh", "tcsh"), help="print a completion script for the shell")
    add("--man", action="store_true", help="print the manual page: cleaner --man | man -l -")
    return parser


def names(typed: str) -> list[str]:
    """What stands between the commas."""
    return [name.strip() for name in typed.split(",")]


def labels(typed: str) -> list[Label]:
    """Labels, from their names with commas between them."""
    for name in names(typed):
        if name not in LABELS:
            raise argparse.ArgumentTypeError(f"unknown label {name!r}; the labels are {', '.join(LABELS)}")
    return [Label(name) for name in names(typed)]


def encoding(name: str) -> str:
    """The name of an encoding that text can be read in."""
    try:
        b"a".decode(name, "replace")
    except (LookupError, ValueError):
        raise argparse.ArgumentTypeError(f"unknown encoding {name!r}; try utf-8, cp1252 or utf-16") from None
    return name


def completion(parser: argparse.ArgumentParser, shell: str) -> str:
    """The completion script for a shell."""
    import shtab

    for action in parser._actions:  # noqa: SLF001 (argparse has no public way to list its options)
        if action.metavar in ("FILE", "PACK.toml", "PATH"):
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.metavar == "DIR":
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    return str(shtab.complete(parser, shell))


def version(cleaner: Cleaner) -> str:
    """The versions of all that decides."""
    from cleaner import __version__

    versions = cleaner.versions()
    packs = ", ".join(f"{name} {number}" for name, number in versions["rules"])
    models = f"model {versions['model']}\nmodel of pages {versions['page_model']}"
    return f"cleaner {__version__}\n{models}\nrules {packs} ({versions['rules_digest']})"


# What it means


def settle(parser: argparse.ArgumentParser, typed: argparse.Namespace) -> Job:
    """Check that the options fit together, and fill in what was left out; exits on wrong usage."""
    files = tuple(typed.files) or (STDIN,)
    wrong = parser.error
    if not typed.files and not typed.version and sys.stdin is not None and sys.stdin.isatty():
        wrong("nothing to read: name a file, or pipe text in")
    if files.count(STDIN) > 1:
        wrong("- can be read only once")
    if problem := misfit(typed):
        wrong(problem)
    if typed.output_dir is not None and STDIN in files:
        wrong("--output-dir takes names from files: use --output for standard input")
    keep = frozenset(typed.keep or BODY_TEXT)
    job = Job(
        files=files,
        form=typed.form or "text",
        input=typed.input or "auto",
        via=typed.via,
        links=typed.links,
        title=typed.title,
        keep=frozenset(Label) - frozenset(typed.drop) if typed.drop else keep,
        field=("text" if typed.field is None else typed.field) if typed.jsonl else None,
        packs=tuple(typed.rules),
        disable=tuple(typed.disable),
        model=typed.model,
        favor=typed.favor,
        threshold=typed.threshold,
        encoding=typed.encoding,
        strict=typed.strict,
        output=None if typed.output == STDIN else typed.output,
        output_dir=typed.output_dir,
        exit_status=typed.exit_status,
        color=wants_color(typed.color, to_file=bool(typed.output or typed.output_dir)),
    )
    if problem := overwriting(job):
        wrong(problem)
    return job


def misfit(typed: argparse.Namespace) -> str | None:
    """Which options do not go together, if any."""
    fits = (
        (typed.field is None or typed.jsonl, "--field goes with --jsonl"),
        (
            not typed.jsonl or typed.form not in ("markdown", "jsonl"),
            "--format does not go with --jsonl, which changes the text in records alone",
        ),
        (not typed.jsonl or typed.form != "lines", "--lines does not go with --jsonl: use --jsonl --labels"),
        (
            typed.title or (not typed.via and typed.form not in ("labels", "lines", "explain")),
            "--no-title goes with what is kept of pages, not with --labels, --lines, --explain or --via",
        ),
        (not typed.links or typed.form == "markdown", "--links goes with --format markdown"),
        (not typed.via or typed.input != "text", "--via is for pages: it does not go with --input text"),
        (
            not typed.via or typed.form != "markdown",
            "--via gives plain text: --format markdown does not go with it",
        ),
        (
            typed.form != "labels" or not (typed.keep or typed.drop),
            "--labels shows all lines: --keep and --drop do not go with it",
        ),
    )
    return next((problem for fit, problem in fits if not fit), None)


def wants_color(choice: str, to_file: bool) -> bool:
    """Whether the output is coloured."""
    if choice != "auto":
        return choice == "always"
    plain = to_file or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not plain and sys.stdout is not None and sys.stdout.isatty()


def overwriting(job: Job) -> str | None:
    """What would be lost if the outputs were written, if anything."""
    inputs = {os.path.realpath(name) for name in job.files if name != STDIN}
    if job.output is not None and os.path.realpath(job.output) in inputs:
        return f"{job.output}: is also an input: choose another place for the output"
    sources: dict[str, str] = {}
    for target, name in job.outputs():
        place = os.path.realpath(target)
        if place in inputs:
            return f"{target}: is also an input: choose another place for the output"
        if place in sources:
            return f"{target}: would be the output of {sources[place]} and of {name}: clean them one by one"
        sources[place] = name
    return None
