"""What a run has to tell, as the text that is printed and kept."""

from collections import Counter
from dataclasses import dataclass, field

from chaos.accounting import Run as AccountingRun
from chaos.approvals import Run as ApprovalsRun
from chaos.books import Books, Row
from chaos.burst import CHANGES, Burst
from chaos.full_disk import Filled
from chaos.heavy_answers import BOUND as HEAVY_BOUND
from chaos.heavy_answers import KINDS as HEAVY
from chaos.heavy_answers import Growth
from chaos.imports import ORDERS, Imports
from chaos.jobs import Run as JobsRun
from chaos.partners import Run as PartnersRun
from chaos.reconcile_time import BOUND, OUTAGE_SECONDS, UNKNOWNS, Waits
from chaos.slow_merchant import BOUND as BESIDE_BOUND
from chaos.slow_merchant import CROWD, SLOW_MS, Beside
from chaos.trials import Run

SHOWN = 20  # violations of a run
LONGEST_JOB = 1.1  # times what the rate alone takes


@dataclass
class Section:
    title: str
    lines: list[str]
    good: bool


@dataclass
class Report:
    sections: list[Section] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def add(self, section: Section) -> None:
        self.sections.append(section)
        print("\n".join(section.lines), flush=True)

    def skip(self, why: str) -> None:
        self.skipped.append(why)
        print(f"Not run: {why}")

    @property
    def good(self) -> bool:
        return all(section.good for section in self.sections)

    @property
    def text(self) -> str:
        parts = ["\n".join([f"### {section.title}", "", *section.lines]) for section in self.sections]
        parts += [f"Not run: {why}." for why in self.skipped]
        return "\n\n".join([*parts, self.verdict]) + "\n"

    @property
    def verdict(self) -> str:
        failed = [section.title for section in self.sections if not section.good]
        return f"FAILED: {', '.join(failed)}" if failed else "Everything held."


def table_of(title: str, run: Run, *, naive: bool = False) -> Section:
    """One line for each kind of change, then the whole."""
    lines = [
        "| Change | Trials | Presses | Done | Refused or not sent | Needs a person | Effects |",
        "|" + " --- |" * 7,
    ]
    kinds = list(dict.fromkeys(trial.action.name for trial in run.trials))
    lines += [_line(run, kind) for kind in kinds]
    found = run.books
    lines += [
        "",
        f"{len(run.trials)} trials in {run.seconds:.0f} s, reconciled {run.reconcile_seconds:.0f} s later; "
        f"`kill -9` of {run.killed['server']} servers and {run.killed['reconciler']} workers; "
        f"{run.failed_calls} of {run.changing_calls} changing calls failed, {run.replayed} were replayed.",
        f"**{len(found.doubled)} doubled, {len(found.lost)} lost, {len(found.wrong)} wrongly reconciled, "
        f"{len(found.stuck)} still open, {len(found.hidden)} waiting for a person and not on the page.**",
    ]
    if naive:
        lines.append(
            "These duplicates are what the trials have to show." if found.doubled else "It shows no duplicate!"
        )
        return Section(title, lines, bool(found.doubled) and not found.hidden)
    return Section(title, [*lines, *found.violations[:SHOWN]], not found.violations)


def partners_of(title: str, run: PartnersRun) -> Section:
    found, parcels = run.books, run.operations
    states = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in sorted(found.states.items()))
    lines = [
        f"{parcels} parcels, {parcels + len(run.partner_updates)} updates to three systems in {run.seconds:.0f} s; "
        f"`kill -9` of {run.killed} workers; {run.failed_calls} calls failed; "
        f"{run.repeated} partner updates took more than one call. At the partners: {states}.",
        f"**{len(found.doubled)} doubled, {len(found.lost)} lost, {len(found.wrong)} wrong or captured otherwise, "
        f"{len(found.stuck)} still open, {len(found.hidden)} waiting for a person and not on the page.**",
        *found.violations[:SHOWN],
    ]
    return Section(title, lines, not found.violations and len(run.partner_updates) == 2 * parcels)


def accounting_of(title: str, run: AccountingRun) -> Section:
    line = (
        f"{run.rows} payments and refunds in {run.files} files, {run.by_kills} of them made between `kill -9` of "
        f"{run.killed} who made them, two at a time, in {run.seconds:.0f} s. "
        f"**{run.missing} in no file, {run.twice} in two, {len(run.broken)} files broken.**"
    )
    return Section(title, [line], run.good)


def approvals_of(title: str, run: ApprovalsRun) -> Section:
    lines = [
        f"{run.trials} payments above a limit, five people at each; `kill -9` of {run.killed['server']} servers and "
        f"{run.killed['reconciler']} workers; {run.states['approved']} approved, {run.states['declined']} declined; "
        f"{run.seconds:.0f} s. **{len(run.doubled)} charged twice, {len(run.alone)} without another’s approval, "
        f"{len(run.wrong)} told wrongly.**",
        *run.violations[:SHOWN],
    ]
    return Section(title, lines, not run.violations)


def jobs_of(title: str, run: JobsRun) -> Section:
    lines = [
        f"{run.rows} rows, {run.bad} of them bad, `kill -9` of {run.killed} workers: {run.seconds:.0f} s, which is "
        f"{run.seconds / run.own_seconds:.2f} times what the rate alone takes ({run.own_seconds:.0f} s). "
        f"**{len(run.marked_wrongly)} rows marked wrongly, {len(run.doubled)} sent twice, {len(run.lost)} lost, "
        f"{len(run.sent_though_bad)} sent though bad.**",
        *run.violations[:SHOWN],
    ]
    in_time = bool(run.killed) or run.seconds <= LONGEST_JOB * run.own_seconds
    return Section(title, lines, not run.violations and in_time)


def waits_of(outage: str, waits: Waits) -> Section:
    shown = [f"{name} {waits.percentile(share):.1f} s" for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))]
    lines = [
        f"{UNKNOWNS} operations in doubt, {OUTAGE_SECONDS:.0f} s of {outage}; from the recovery until "
        f"{len(waits.seconds)} were reconciled: {', '.join(shown)} (bound: p99 below {BOUND:.0f} s).",
        *waits.books.violations[:SHOWN],
    ]
    return Section(f"Until it is known: {outage}", lines, waits.good)


def growth_of(grown: list[Growth], found: Books) -> Section:
    lines = [f"| Change | {' | '.join(HEAVY)} |", "|" + " --- |" * (len(HEAVY) + 1)]
    for change in dict.fromkeys(growth.change for growth in grown):
        cells = [f"{growth.mib:.1f}" for growth in grown if growth.change == change]
        lines.append(f"| {change} | {' | '.join(cells)} |")
    most = max(growth.mib for growth in grown)
    broken = [growth for growth in grown if growth.status != 303]
    lines += ["", f"MiB above what the server held before; at most {most:.1f} (bound: {HEAVY_BOUND:.0f})."]
    lines += [f"{growth.change}, {growth.kind}: the page had status {growth.status}" for growth in broken]
    good = most <= HEAVY_BOUND and not broken and not found.violations
    return Section("Answers that fill the memory", [*lines, *found.violations[:SHOWN]], good)


def filled_of(filled: list[Filled], found: Books) -> Section:
    lines = ["| Change | Row not written: page, calls | Outcome not written: page, effects |", "|" + " --- |" * 3]
    lines += [f"| {one.change} | {one.first}, {one.calls} | {one.second}, {one.effects} |" for one in filled]
    good = all(one.good for one in filled) and not found.violations
    return Section("A full disk", [*lines, *found.violations[:SHOWN]], good)


def beside_of(beside: Beside) -> Section:
    times = beside.beside / beside.quiet
    line = (
        f"A charge, form included, p50: {beside.quiet * 1000:.0f} ms quiet, {beside.beside * 1000:.0f} ms beside "
        f"{CROWD} people at a merchant whose API takes {SLOW_MS / 1000:.0f} s: {times:.2f} times "
        f"(bound: {BESIDE_BOUND}). {beside.charges} charges, {beside.refused} refused."
    )
    return Section("Beside a slow merchant", [line], beside.good)


def imports_of(engine: str, found: Imports) -> Section:
    line = (
        f"{found.killed} processes killed in {found.imports} imports of {ORDERS:,} orders: {found.compared:,} rows "
        f"compared, {len(found.wrong)} wrong; {found.calls} pages asked for (allowed: {found.allowed:.0f})."
    )
    return Section(f"Imports that are killed, {engine}", [line, *found.wrong[:SHOWN]], found.good)


def burst_of(engine: str, burst: Burst) -> Section:
    line = (
        f"{CHANGES:,} changes in {burst.seconds:.0f} s, each told twice by webhook: {burst.taken:,} taken, "
        f"{len(burst.wrong)} copies wrong; {burst.servers} servers and {burst.workers} workers killed."
    )
    return Section(f"A burst of webhooks, {engine}", [line, *burst.wrong[:SHOWN]], burst.good)


def index_machine_of(runs: int, steps: int, codes: list[int]) -> Section:
    ended = "the copies are what they claim after each step" if not any(codes) else "a run failed, see above"
    return Section("The index in any order", [f"{runs} runs of up to {steps} steps: {ended}."], not any(codes))


def machine_of(runs: int, steps: int, codes: list[int]) -> Section:
    good = not any(codes)
    ended = "the journal equals the ledger after each" if good else "a run failed; what hypothesis found is above"
    return Section("Anything in any order", [f"{runs} runs of up to {steps} steps: {ended}."], good)


def _line(run: Run, kind: str) -> str:
    mine = [trial for trial in run.trials if trial.action.name == kind]
    subjects = {trial.subject for trial in mine}
    rows = [row for row in run.journal if subjects & {row["order_id"], row["draft_id"]}]
    states = Counter(row["state"] for row in rows)
    ended_without = states["refused"] + states["not_sent"]
    presses = sum(trial.presses for trial in mine)
    figures = (len(mine), presses, states["done"], ended_without, states["needs_review"], _effects(run, rows))
    return f"| {kind} | " + " | ".join(str(figure) for figure in figures) + " |"


def _effects(run: Run, rows: list[Row]) -> int:
    keys = {row["id"] for row in rows}
    return sum(1 for entry in run.ledger if entry["idempotency_key"] in keys and entry["effect"] != "decline")
