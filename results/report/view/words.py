"""What the page says beside the documents: its frame, and what its script draws."""

from __future__ import annotations

from collections.abc import Mapping

from giaoban.sentence import N_
from giaoban.translation import pgettext

SCRIPT: Mapping[str, str] = {
    "title": pgettext("page", "Check of an expansion of bridges"),
    "title failures": pgettext("page", "What failures of the network do"),
    "skip": pgettext("page", "Skip to the content"),
    "map": pgettext("page", "Map"),
    "before": pgettext("page", "Before"),
    "during": pgettext("page", "During"),
    "after": pgettext("page", "After"),
    "before long": pgettext("page", "before the connection"),
    "during long": pgettext("page", "during the connection"),
    "after long": pgettext("page", "after the connection"),
    "colour by": pgettext("page", "Coloured by the highest load"),
    "worst": pgettext("page", "of all phases"),
    "at second": pgettext("page", "at second {second}"),
    "by failures": pgettext("page", "during failures"),
    "map label": pgettext(
        "page", "Map of the system. Arrow keys choose a bridge, Enter shows its quality."
    ),
    "map caption": pgettext(
        "page",
        "Map: bridges, routers and the load of links. Each direction is drawn on its own "
        "right-hand side; the figure on a link is of the direction with more load.",
    ),
    "no map": pgettext(
        "page", "This run has no places of its sites, so there is no map; see the table of links."
    ),
    "router": pgettext("page", "router"),
    "mcu": pgettext("page", "MCU"),
    "chair": pgettext("page", "chair bridge"),
    "branch": pgettext("page", "branch bridge"),
    "new": pgettext("page", "new bridge"),
    "load": pgettext("page", "load {pct} %"),
    "load over": pgettext("page", "over {pct} %"),
    "unknown load": pgettext("page", "not measured"),
    "assumed": pgettext("page", "* assumed, no published figure"),
    "single": pgettext("page", "single point of failure: bridges are lost if it alone fails"),
    "chosen": pgettext("page", "Shown: {bridge}"),
    "no bridges": pgettext("page", "There are no bridges."),
    "time caption": pgettext("page", "The three phases, and what was done or failed on purpose"),
    "time label": pgettext("page", "Time line: {spans}"),
    "second": pgettext("page", "Moment (second)"),
    "second value": pgettext("page", "second {second}, {value}"),
    "span": pgettext("page", "{start}–{end} s"),
    "choose bridge": pgettext("page", "Bridge"),
    "measure": pgettext("page", "Measure"),
    "delay": pgettext("page", "Delay"),
    "loss": pgettext("page", "Loss"),
    "jitter": pgettext("page", "Jitter"),
    "mos": pgettext("page", "Speech (MOS)"),
    "frozen": pgettext("page", "Frozen picture"),
    "delay long": pgettext("page", "One-way delay, 95th percentile of each second (ms)"),
    "loss long": pgettext("page", "Packets missed in each second (%)"),
    "jitter long": pgettext("page", "Jitter by RFC 3550 (ms)"),
    "mos long": pgettext("page", "Speech quality in each second (MOS)"),
    "frozen long": pgettext("page", "Share of each second that the picture stood still (%)"),
    "audio": pgettext("page", "sound"),
    "video": pgettext("page", "picture"),
    "content": pgettext("page", "content"),
    "up": pgettext("page", "up"),
    "down": pgettext("page", "down"),
    "stream": pgettext("page", "Stream"),
    "phase": pgettext("page", "Phase"),
    "sent": pgettext("page", "Packets sent"),
    "lost": pgettext("page", "Lost (%)"),
    "heard": pgettext("page", "Missed by listener (%)"),
    "p50": pgettext("page", "Delay p50 (ms)"),
    "p95": pgettext("page", "Delay p95 (ms)"),
    "p99": pgettext("page", "Delay p99 (ms)"),
    "ipdv": pgettext("page", "Delay variation (ms)"),
    "whole way": pgettext("page", "End to end (ms)"),
    "MOS": pgettext("page", "MOS"),
    "interruption": pgettext("page", "Longest interruption (ms)"),
    "freezes": pgettext("page", "Freezes"),
    "frozen pct": pgettext("page", "Frozen (%)"),
    "streams caption": pgettext("page", "{bridge}: each stream by phase"),
    "seconds": pgettext("page", "Second by second"),
    "seconds caption": pgettext("page", "{bridge}, {measure}: second by second"),
    "no curves": pgettext("page", "This run has no figures second by second."),
    "nothing measured": pgettext("page", "There is no {measure} of this bridge."),
    "not in phase": pgettext("page", "This bridge had no call in this run."),
    "chart label": pgettext("page", "Plot of {title}. {summary}"),
    "range": pgettext("page", "{name}: from {low} to {high}"),
    "no value": pgettext("page", "{name}: no value"),
    "limit line": pgettext("page", "limit {limit}"),
    "mcu used": pgettext("page", "MCU capacity in use"),
    "used": pgettext("page", "in use"),
    "capacity": pgettext("page", "capacity of the device"),
    "choose link": pgettext("page", "Direction of a link"),
    "pass": pgettext("page", "Pass"),
    "fail": pgettext("page", "Fail"),
    "undecided": pgettext("page", "Undecided"),
    "invalid": pgettext("page", "Invalid"),
    "assume choose": pgettext("page", "Assumed figure"),
    "assume drag": pgettext("page", "Its value, from the lowest to the highest that was tried"),
    "assume plot": pgettext("page", "Least margin (%) against: {figure}"),
    "assume key": pgettext(
        "page",
        "dotted: as assumed, {value}; hollow points fail; -100: that or less",
    ),
    "assume exact": pgettext(
        "page", "At {value}: {verdict}, least margin {margin} % ({criterion})"
    ),
    "assume about": pgettext(
        "page", "At {value}: {verdict}, least margin about {margin} % ({criterion})"
    ),
    "assume far": pgettext(
        "page", "At {value}: {verdict}, least margin −100 % or less ({criterion})"
    ),
    "assume between": pgettext(
        "page", "At {value}: not judged; at {below}: {verdict_below}, at {above}: {verdict_above}"
    ),
    "link load": pgettext("page", "Load of the direction in each second (% of its rate)"),
}
"""What the script says, by its keys."""
WORDS: Mapping[str, str] = {
    **SCRIPT,
    "contents": pgettext("page", "On this page"),
    "verdict": pgettext("page", "Verdict"),
    "criteria": pgettext("page", "Criteria"),
    "time": pgettext("page", "Time line"),
    "bridge": pgettext("page", "Bridges"),
    "links": pgettext("page", "Links"),
    "failures": pgettext("page", "Failures"),
    "comparison": pgettext("page", "Comparison"),
    "assumptions": pgettext("page", "Assumptions"),
    "robust": N_("How far the assumptions may be off"),
    "minutes": N_("Log of the simulation"),
    "minutes table": N_("Time line of the check, in minutes and seconds from its beginning"),
    "evidence": pgettext("page", "Evidence"),
    "estimate note": pgettext(
        "page", "This is an estimate by arithmetic, not an emulation: no ground for an approval."
    ),
    "invalid note": pgettext(
        "page", "This run cannot be trusted and gives no answer. What was found:"
    ),
    "part": pgettext(
        "page",
        "This page shows the {shown} worst of {bridges} bridges and the {links} busiest directions "
        "of links. "
        "All of them are in result.json and series.npz.",
    ),
    "criteria caption": pgettext("page", "Each criterion with its worst value"),
    "criteria note": pgettext(
        "page",
        "The value is the worst of the whole system in all three phases. The margin is the share "
        "of the allowance still unused: 100 % none used, 0 % at the limit, below 0 past it. ▶ "
        "marks the criterion that binds.",
    ),
    "compare intro": pgettext("page", "A: {run_a} – {verdict_a}. B: {run_b} – {verdict_b}."),
    "inputs differ": pgettext("page", "Inputs that differ: {inputs}."),
    "inputs same": pgettext("page", "The inputs are the same."),
    "only a": pgettext("page", "Bridges only in A: {bridges}."),
    "only b": pgettext("page", "Bridges only in B: {bridges}."),
    "compare caption": pgettext("page", "Each criterion in both runs"),
    "b is": pgettext("page", "B is"),
    "better": pgettext("page", "better"),
    "worse": pgettext("page", "worse"),
    "same": pgettext("page", "the same"),
    "other": pgettext("page", "not comparable"),
    "not judged": pgettext("page", "not judged"),
    "measures differ": pgettext(
        "page", "{count} {count:measure differs|measures differ} between the runs."
    ),
    "measures same": pgettext("page", "All measures are the same."),
    "overlay": pgettext("page", "In plots A is drawn strong, B thin and pale."),
    "events": pgettext("page", "Done or failed on purpose"),
    "no events": pgettext("page", "Nothing was done or failed on purpose."),
    "dropped": pgettext("page", "Bridges that were dropped – {bridges}."),
    "setup": pgettext(
        "page",
        "Call set-up, 95th percentile (ms) – {phases}: of the network alone. Real devices take "
        "about 0.5 to 4 s themselves.",
    ),
    "links table": pgettext("page", "Table of the links' load"),
    "faults made": pgettext("page", "Failures in this run"),
    "failures tried": pgettext("page", "Failures tried"),
    "failures untried": pgettext(
        "page",
        "Not every failure was tried, so single points of failure are not known (giaoban faults).",
    ),
    "no failures": pgettext("page", "Nothing failed on purpose in this run."),
    "failures pass": pgettext(
        "page", "Pass: no failure that was tried does more than the criteria allow."
    ),
    "failures fail": pgettext(
        "page", "Fail: a failure does more to the meeting than the criteria allow."
    ),
    "failures invalid": pgettext(
        "page", "Invalid: an emulation cannot be trusted, so there is no answer."
    ),
    "failures compared pass": pgettext(
        "page",
        "Pass: nothing is worse than what was accepted as “{name}”. By the criteria alone: "
        "{criteria}.",
    ),
    "failures compared fail": pgettext(
        "page",
        "Fail: {worse} worse than what was accepted as “{name}”. By the criteria alone: "
        "{criteria}.",
    ),
    "assumption count": pgettext(
        "page",
        "{count} {count:assumption|assumptions}; the answer holds if {count:it does|they do}.",
    ),
    "foot": pgettext(
        "page",
        "This page holds all its figures and loads nothing from the network. They are those of "
        "the run's result.json and series.npz.",
    ),
}
"""All of it."""
INPUTS: Mapping[str, str] = {
    "scenario": pgettext("input", "scenario"),
    "province": pgettext("input", "network data"),
    "mcu": pgettext("input", "device data"),
    "criteria": pgettext("input", "criteria"),
    "files": pgettext("input", "files"),
    "meetings": pgettext("input", "meetings of the catalogue"),
    "seed": pgettext("input", "seed"),
    "code": pgettext("input", "program version"),
    "engine": pgettext("input", "engine"),
    "question": pgettext("input", "question"),
    "meeting": pgettext("input", "how the meeting is held"),
    "impairments": pgettext("input", "impairments"),
}
"""Inputs in which two runs may differ."""
