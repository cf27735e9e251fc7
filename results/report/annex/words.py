"""What the annex says, sentence by sentence, by keys that tell where."""

from __future__ import annotations

from collections.abc import Mapping

from giaoban.results.report.summaries.load_summary import FAILURE_CAUSES
from giaoban.translation import N_, pgettext

WORDS: Mapping[str, str] = {
    # heading
    "annex": N_("Annex"),
    "title": N_("RESULT OF A SIMULATION: EXPANSION\nOF THE VIDEO-CONFERENCE SYSTEM"),
    "title as is": N_("RESULT OF A SIMULATION\nOF THE VIDEO-CONFERENCE SYSTEM"),
    "table": N_("Table"),
    "picture": N_("Figure"),
    # drafts
    "mark": N_("DRAFT"),
    "footer": N_("DRAFT – NOT TO BE USED FOR AN APPROVAL"),
    "draft": N_("This is a draft. It must not be used for an opinion or a consent, because:"),
    "draft invalid": N_("the result is invalid: {run} cannot be trusted;"),
    "draft estimate": N_("the result of {run} is an estimate, nothing was emulated;"),
    "draft uncommitted": N_(
        "{run} was made by a program that differs from its stored version, or whose version is "
        "not known;"
    ),
    "draft unproved": N_("{run} has no evidence;"),
    "reasons": N_("Why {run} is invalid:"),
    # what was asked
    "asked": N_("What was asked"),
    "check number": N_("Check {number}"),
    "existing": N_("The existing bridges ({count}): {bridges}."),
    "new": N_("The bridges to be connected ({count}): {bridges}."),
    "meeting": N_("How the meeting was held in the check: {told}"),
    "impaired": N_("Done to the network on purpose (times from the start of the first phase):"),
    "failing": N_("Made to fail on purpose (times from the start of the first phase):"),
    "no background": N_("In the check there was no other traffic on the links than the meeting's."),
    "simulated": N_(
        "This document gives the result of a simulation by the program giaoban (version "
        "{version}), made on {day}. It is no measurement on real lines and devices."
    ),
    "simulated estimate": N_(
        "This document gives an estimate by the program giaoban (version {version}), computed on "
        "{day}. It is no measurement on real lines and devices."
    ),
    "day not known": N_("a day that its name does not tell"),
    "verdict simulated": N_("By the simulation of {day} (giaoban, version {version}):"),
    "verdict estimate": N_("By the estimate of {day} (giaoban, version {version}):"),
    "basis": N_(
        "Legal basis: {articles} of the regulation issued with Decision {number} of {date} of "
        "{issuer}, by which consent to an expansion rests on the whole system working before, "
        "during and after the connection."
    ),
    # verdict and criteria
    "verdict": N_("Verdict"),
    "faults about": N_("If something fails: {told}"),
    "faults alone": N_("By the criteria alone: {told}"),
    "faults compared pass": N_(
        "met – nothing is worse than what was accepted as “{name}” (why: {why})."
    ),
    "faults compared fail": N_(
        "not met – worse than what was accepted as “{name}” (why: {why}): {worse}."
    ),
    "faults pass": N_(
        "met – {count:the one failure that was tried meets|all {count} failures that were tried "
        "meet} the criteria{more} (section {section})."
    ),
    "faults untried": N_(
        "; {count} more single {count:failure|failures} of the network {count:was|were} not tried"
    ),
    "faults accepted": N_(
        ", {count} of them as {count:a single point|single points} of failure that "
        "{count:was|were} accepted"
    ),
    "faults fail": N_(
        "not met – {found} of {count} {count:failure that was|failures that were} tried "
        "{found:does|do} not meet the criteria (section {section})."
    ),
    "faults invalid": N_(
        "no answer – the {found:result|results} of {found} of {count} {count:failure that "
        "was|failures that were} tried {found:is|are} invalid (section {section})."
    ),
    "criteria": N_("Criteria"),
    "criteria table": N_("Each criterion"),
    "criterion": N_("Criterion"),
    "value": N_("Value"),
    "limit": N_("Limit"),
    "margin": N_("Margin"),
    "result": N_("Result"),
    "worst at": N_("Worst at"),
    "source": N_("Source"),
    "met": N_("Met"),
    "not met": N_("Not met"),
    "nothing": N_("nothing to measure"),
    "criteria note": N_(
        "The value is the worst of the whole system in all phases; where it was found is in "
        "italics. The margin is the share of the allowance still unused: 100 % none used, 0 % "
        "at the limit, below 0 past it. Shares of sound packets, and of pictures’ frames and "
        "time frozen, are of the worst 20 s; of packets of pictures and slides, of the worst "
        "minute."
    ),
    "seeds table": N_("How far each criterion goes apart at {count} other {count:seed|seeds}"),
    "seeds least": N_("Least"),
    "seeds median": N_("Median"),
    "seeds largest": N_("Largest"),
    "seeds not met": N_("Not met at"),
    "without faults": N_("interruptions by failures are not counted here"),
    "criteria faults": N_(
        "Failures were made on purpose. What an interruption by them took is not counted in the "
        "criteria of quality; two criteria of their own judge interruptions."
    ),
    # bridges
    "bridges": N_("Quality at each bridge"),
    "bridges table": N_(
        "Quality before, during and after the connection (the worst direction of each bridge)"
    ),
    "bridge": N_("Bridge"),
    "mouth to ear": N_("Mouth to ear (ms)"),
    "variation": N_("Delay variation (ms)"),
    "missed": N_("Packets missed (%)"),
    "mos": pgettext("speech quality", "MOS"),
    "bridges note": N_(
        "Mouth to ear: delay of sound from the speaker’s mouth to the listener’s ear, with the "
        "bridge furthest away, what it waits for pictures in it. Delay variation of sound: "
        "ITU-T Y.1540 (99.9th percentile less the least). Packets missed: of sound or pictures, "
        "lost or damaged; of sound also too late. MOS: speech quality as a listener judges it, "
        "from 1 (bad) to 5 (good){scale}. “–”: not yet connected, or not measured. Length of the "
        "phases: {phases}; shares in this table are of a whole phase."
    ),
    "past preferred": N_("within the limit, but past the preferred {limit}"),
    "bridges faults": N_("What interruptions by failures took is counted in this table."),
    "narrowband": N_(" (narrowband, ITU-T G.107, 4.5 at most)"),
    "wideband": N_(" (wideband, ITU-T G.107.1, 4.5 at most)"),
    "seconds": N_("{start} – {end} s"),
    "video table": N_("Bridges whose pictures stood still or lacked frames (the worst direction)"),
    "bad frames": N_("Bad frames"),
    "freezes": N_("Freezes"),
    "freeze max": N_("Longest (ms)"),
    "frozen": N_("Time frozen (%)"),
    "video note": N_(
        "Bad frames: those that could not be shown, as packets of their own were lost or of a "
        "frame that they build on, or as they came too late. Shares are of a whole phase."
    ),
    "no bad video": N_("Pictures: every frame could be shown in time, and no picture stood still."),
    # MCU
    "mcu": N_("Capacity of the MCU"),
    "device": N_("Device: {device}."),
    "mcu table": N_("MCU capacity used and left in each phase"),
    "phase": N_("Phase"),
    "units": N_("Units used / total"),
    "share": N_("In use"),
    "used of": N_("Most of"),
    "units left": N_("Units left"),
    "ports": N_("Ports used / total"),
    "ports left": N_("Ports left"),
    "joined": N_("Joined"),
    "refused": N_("Refused"),
    "less": N_("Given less"),
    "mcu note": N_(
        "In use: the highest share in the phase of that of which most is used (units, ports, "
        "limits on calls, ports set aside). Joined, refused, given less: bridges. Call set-up "
        "is not judged: a simulation knows the network’s share of it, and no more of devices than "
        "is said of them."
    ),
    "refused list": N_("Calls not set up – {items}."),
    "less list": N_("Calls given less – {items}."),
    "commands": N_("Commands of the control room not carried out – {items}."),
    # links
    "links": N_("Links"),
    "links table": N_("The {shown} most loaded directions of {count}"),
    "way": N_("Direction"),
    "rate": N_("Rate (Mb/s)"),
    "peak": N_("Highest load (%)"),
    "drops": N_("Dropped"),
    "links note": N_(
        "Highest load: of the worst second. Dropped: packets that found the link’s queue full, or "
        "that its bandwidth profile took out."
    ),
    "links note of other traffic": N_("Dropped packets of other traffic are among them."),
    "plots": N_("Plots"),
    # failures
    "faults": N_("Failures tried"),
    "no faults": N_(
        "No failure was tried; this document says nothing about what happens if something fails."
    ),
    "own faults table": N_("What each failure did to bridges"),
    "failure": N_("Failure"),
    "sound away": N_("Sound away (ms)"),
    "picture away": N_("Picture away (ms)"),
    "by mending": N_("By mending (ms)"),
    "lost": N_("Lost"),
    "cut off": N_("Cut off"),
    "picture again": N_("Picture again (ms)"),
    "from mending": N_("After mending (ms)"),
    "call": N_("Call"),
    "yes": N_("yes"),
    "no": N_("no"),
    "kept": N_("kept"),
    "again": N_("dialled again {times}×"),
    "behind": N_("yes, no other way"),
    "cut off, accepted": N_("yes, accepted"),
    "own faults note": N_(
        "Sound away, picture away: the longest time by the failing without sound that could be "
        "heard, or without a new picture that could be shown. By mending: the longer one of the "
        "two by the mending. Cut off: nothing came for over a second until the failure was "
        "mended, or to the end. No other way: every path from the bridge to the MCU goes "
        "through what failed."
    ),
    "calm": N_("Bridges that noticed nothing – {bridges}."),
    "of bridges": N_("{name}: {shown} of {count} {count:bridge|bridges}"),
    "tried": N_(
        "{count} {count:failure was|failures were} tried, one at a time, while all {bridges} "
        "bridges were in the meeting: {met} met the criteria, {failed} did not, {invalid} could "
        "not be judged. {more}"
    ),
    "of them accepted": N_(
        "{count} of them {count:is a single point|are single points} of failure that "
        "{count:was|were} accepted."
    ),
    "all tried": N_("These are all single failures that the network as it was given can have."),
    "usual tried": N_(
        "These are the usual ones; {count} more single {count:failure|failures} of the network "
        "{count:was|were} not tried (access lines of bridges, the MCU and the like)."
    ),
    "some tried": N_("These were picked; they are not all that could happen."),
    "some left": N_(
        "{count} more single {count:failure|failures} of the network {count:was|were} not tried."
    ),
    "worst interruption": N_(
        "The longest interruption of a bridge that is judged: {ms} ms at {bridge}, by: {failure} "
        "(limit {limit} ms)."
    ),
    "slow case": N_("slow: {ms}"),
    "worst interruption mending": N_(
        "The longest interruption of a bridge that is judged: {ms} ms at {bridge}, by the mending "
        "of: {failure} (limit {limit} ms)."
    ),
    "no interruption known": N_("No interruption of a bridge was measured."),
    "all behind": N_(
        "In the failures that were tried and measured no bridge is judged, so there is no "
        "interruption to judge."
    ),
    "no interruption": N_(
        "In the failures that were tried and measured no bridge that is judged was interrupted."
    ),
    "worst load": N_(
        "The highest load under a failure: {pct} % on {link}, while: {failure} (limit {limit} %)."
    ),
    "points": N_(
        "Single points of failure: these alone take bridges out of the meeting ({bridges}):"
    ),
    "no points": N_("No single failure took another bridge out of the meeting."),
    "no points tried": N_(
        "Of the failures that were tried and measured none took another bridge out of the meeting."
    ),
    "point": N_("{failure}: cuts off {bridges} – not accepted"),
    "point accepted": N_("{failure}: cuts off {bridges} – accepted: {why}"),
    "accepted": N_("Accepted"),
    "many bridges": N_("{shown} of {count} {count:bridge|bridges}"),
    "faults table": N_("The failures tried, the worst first"),
    "longest": N_("Longest interruption (ms)"),
    "at": N_("At"),
    "bridges cut": N_("Bridges cut off"),
    "peak load": N_("Highest load (%)"),
    "void": N_("Invalid"),
    "faults note": N_(
        "Longest interruption: of bridges that are judged, by the failing, until sound and picture "
        "are back; slow: the longest of this run and of other seeds by estimate, which is judged; "
        "by mending: the same by the mending. Bridges of which the failure takes the power or the "
        "only line are not judged, nor are accepted ones. Bridges cut off: with those. Accepted: a "
        "single point of failure that was accepted with a reason. Highest load: of the backbone."
    ),
    # what limits further expansion
    "limits": N_("What limits further expansion"),
    "limits invalid": N_("The check is invalid, so it does not say what limits further expansion."),
    "room": N_(
        "After the connection at most {used} of the MCU’s capacity is in use ({of}). Beside the "
        "bridges that are in the meeting it takes {more} more {more:call|calls} at {resolution} up "
        "to the limit of {limit} %, and {most} up to its capacity. This is of the MCU alone; each "
        "expansion has to be checked as a whole."
    ),
    "room past limit": N_(
        "After the connection at most {used} of the MCU’s capacity is in use ({of}). Beside the "
        "bridges that are in the meeting one more call at {resolution} is past the limit of "
        "{limit} %; up to its capacity the MCU takes {most} more."
    ),
    "no room": N_(
        "After the connection at most {used} of the MCU’s capacity is in use ({of}). Beside the "
        "bridges that are in the meeting the MCU takes no further call at {resolution}."
    ),
    "busiest": N_(
        "The most loaded link is {link}: {pct} % of {rate} Mb/s; {left} Mb/s are left up "
        "to the limit of {limit} %."
    ),
    "busiest full": N_("The most loaded link is {link}: {pct} % of {rate} Mb/s; it is full."),
    "busiest over": N_(
        "The most loaded link is {link}: {pct} % of {rate} Mb/s, past the limit of {limit} %."
    ),
    "least": N_("The criteria with the least margin: {criteria}."),
    # conditions
    "conditions": N_("Conditions"),
    "conditions intro": N_("The verdict holds under these conditions:"),
    "condition fail": N_(
        "the bridges are not connected until what is not met has been mended and checked again;"
    ),
    "advice": N_("Recommendations"),
    "advice intro": N_("The check failed. Recommended:"),
    "advice intro undecided": N_("The check is undecided. Recommended:"),
    "advice undecided": N_(
        "the bridges are not connected until the check has been repeated with the number of seeds "
        "that decides;"
    ),
    "advice intro invalid": N_("The check is invalid. Recommended:"),
    "advice invalid": N_(
        "the result is not used; what made it invalid is mended, and the check is made again;"
    ),
    "advice as is": N_("what is not met is mended and checked again;"),
    "advice assumptions": N_(
        "the {count:assumption|{count} assumptions} of section {section} {count:is|are} confirmed "
        "before the check is made again;"
    ),
    "condition faults": N_(
        "what failures of section {section} do not meet is mended and checked again;"
    ),
    "condition faults invalid": N_(
        "the failures of section {section} whose results are invalid are tried again;"
    ),
    "condition some untried": N_(
        "the {count:single failure|{count} single failures} that {count:was|were} not tried "
        "(section {section}) {count:is|are} looked at apart;"
    ),
    "condition assumptions": N_(
        "the {count:assumption|{count} assumptions} of section {section} {count:is|are} confirmed "
        "before the connection; where a figure turns out to be another, the check is made again;"
    ),
    "condition assumptions as is": N_(
        "the {count:assumption|{count} assumptions} of section {section} {count:is|are} "
        "confirmed; where a figure turns out to be another, the check is made again;"
    ),
    "condition as asked": N_(
        "the new bridges, their lines and the quality of calls are as they were in the check;"
    ),
    "condition as is": N_(
        "the bridges, their lines and the quality of calls are as they were in the check;"
    ),
    "condition no background": N_("the links carry no other traffic than the meeting’s;"),
    "condition background": N_("other traffic on the links is no more than section 1 says;"),
    "condition untried": N_(
        "what happens if lines, devices or power fail is looked at apart, as it was not tried;"
    ),
    "condition points": N_(
        "the {count:single point|{count} single points} of failure of section {section} that "
        "{count:is|are} not accepted yet {count:is|are} accepted, or provided for;"
    ),
    "condition configuration": N_(
        "the configuration is not changed{cited}; if it is, the check is made again;"
    ),
    "condition before": N_("the system is still checked before each meeting opens{cited}."),
    "condition lead": N_("the system is still checked {lead} before each meeting opens{cited}."),
    # assumptions
    "assumptions": N_("Assumptions and what would replace them"),
    "no assumptions": N_("No figure is an assumption."),
    "assumptions intro": N_("Nobody published these figures; the verdict is as good as they are."),
    "assumptions table": N_("The assumptions"),
    "what": N_("What"),
    "rests on": N_("Rests on"),
    "replaced by": N_("Would be replaced by"),
    # method, terms
    "method": N_("Method"),
    "terms": N_("Terms"),
    "terms table": N_("Terms used in this document"),
    "term": N_("Term"),
    "meaning": N_("Meaning"),
    # what happened
    "minutes": N_("Log of the simulation"),
    "minutes table": N_("Time line of the check, in minutes and seconds from its beginning"),
    "minutes note": N_(
        "What happened in the emulation, in order of time; alike things at one moment are one "
        "line. Before the beginning: the existing bridges connect."
    ),
    # how to check
    "proof": N_("How to check this document"),
    "proof intro": N_(
        "The inputs and the results of each check are kept in one file of evidence; of the "
        "recorded packets it has the sums alone, as the check can be run again. The sum below is "
        "computed from the evidence: if a single character of it is changed, the sum is another. "
        "To check:"
    ),
    "proof step 1": N_(
        "ask the issuing body for the evidence (a file whose name ends with “.evidence.zip”);"
    ),
    "proof step 2": N_(
        "run “giaoban verify” with the names of the evidence and of this file: it tells whether "
        "they are intact or what was altered, and whether they are of the same check;"
    ),
    "proof step 3": N_(
        "compare the sum that it shows with the one printed below (or scan the QR code);"
    ),
    "proof step 4": N_(
        "add “--rerun” to have the check made again from the inputs in the evidence, and compared."
    ),
    "sum": N_("Sum of the evidence of {run}:"),
    "no sum": N_("There is no evidence of {run}."),
    "identity table": N_("Identity of the check and its inputs"),
    "identity table load": N_("Identity of the load test and its inputs"),
    "label": pgettext("label", "What"),
    "run": N_("Check"),
    "seed": N_("Random seed"),
    "version": N_("Version of the program"),
    "unknown version": N_("not known (sources {sources})"),
    "changed version": N_("{commit} (changed; sources {sources})"),
    "environment": N_("Environment"),
    "kernel": N_("Linux {version}"),
    "engine sandbox": N_("emulated network, virtual time"),
    "engine native": N_("emulated network, real time"),
    "engine estimate": N_("estimated, not emulated"),
    "input scenario": N_("Scenario"),
    "input province": N_("Network"),
    "input devices": N_("Devices"),
    "input criteria": pgettext("file", "Criteria"),
    "input file": N_("File of the scenario"),
    "input meeting": N_("Meeting of the catalogue"),
    "accounting": N_(
        "Account of all packets (check {number}): {told}. The same inputs and the same seed have "
        "to give the same result."
    ),
    "load": N_("Load tests of the MCU"),
    "load intro": N_(
        "Load tests tell what the MCU takes when many bridges call it. Tests made: {tests}."
    ),
    "load run": N_("Test {number}"),
    "load named": N_("{name} ({told})"),
    "load told": N_("{name}: {told}"),
    "load came of it": N_("What came of it:"),
    # what was asked
    "load steady": N_(
        "{bridges} {count:bridge calls|bridges call} in turn, {rate} {n:call|calls} a second, for "
        "{seconds} s; {told}."
    ),
    "load hold": N_(
        "{bridges} {count:bridge dials|bridges dial} in, {rate} {n:call|calls} a second, and "
        "{count:stays|stay} for {seconds} s; {told}."
    ),
    "load storm": N_(
        "The lines of {bridges} {count:bridge|bridges} are away for {away} s in the middle of a "
        "meeting, and they dial again; {told}."
    ),
    "load media": N_("with sound"),
    "load media both": N_("with sound and pictures"),
    "load media none": N_("calls are set up without sound or pictures"),
    # where
    "load in loopback": N_(
        "Made with the simulated MCU alone, on one computer and over no network: this says "
        "nothing about the province’s links or about a real device."
    ),
    "load in target": N_("Made with a real device at {address}, whose owner had agreed."),
    "load device": N_("Device: {device}."),
    # what came of it
    "load pass": N_(
        "{count:the one criterion of the test is|all {count} criteria of the test are} met"
    ),
    "load fail": N_(
        "{failed} of {count} {count:criterion|criteria} of the test {failed:is|are} not met: "
        "{criteria}"
    ),
    "load unjudged": N_("{told}; {count} more could not be judged"),
    "load none judged": N_("no criterion of the test could be judged"),
    "load invalid": N_("invalid, as the figures cannot be trusted; they are not used"),
    "load came audio": N_("sound was complete in {complete} of {count} {count:call|calls}"),
    "load came video": N_("pictures were complete in {complete} of {count} {count:call|calls}"),
    "load lacks options": N_("the device does not tell what it can (OPTIONS), which is not judged"),
    "load lacks register": N_("the device does not register these bridges, which is not judged"),
    "load criterion": N_("{name}: {value} (limit {limit})"),
    "load set": N_("Limits that were set for these tests – {limits}."),
    # storms
    "storms table": N_("Bridges dialling again once the lines were back"),
    "test": N_("Test"),
    "back-off": N_("Back-off"),
    "storm cut": N_("Bridges cut off"),
    "storm back": N_("Back again"),
    "attempts": N_("Calls made"),
    "half back": N_("Half are back after (s)"),
    "last back": N_("All are back after (s)"),
    "last limit": N_("Limit (s)"),
    "storms note": N_(
        "Back-off: “yes” – each bridge waits for a random time before it dials, and longer each "
        "time; “no” – all that were cut off dial in the same moment. Calls made: also those "
        "that did not succeed. Times count from when the lines were back. “–”: some bridge did "
        "not come back, or the test is invalid."
    ),
    "storms assumed": N_(
        "The limit of the time until all are back is an assumption of section {section}."
    ),
    # calls
    "calls table": N_("Calls under load"),
    "tried calls": N_("Calls tried"),
    "set up": N_("Set up"),
    "not set up": N_("Not set up, why"),
    "setup p95": N_("Set-up time (ms)"),
    "standing": N_("At the same time"),
    "calls note": N_(
        "Set-up time: 95th percentile, from dialling to the MCU’s answer. At the same time: "
        "calls that stood together at the most.{more}"
    ),
    **{f"cause {cause}": text for cause, text in FAILURE_CAUSES.items()},
    # elsewhere
    "condition load": N_(
        "the criteria that load tests did not meet (section {section}) are mended or accepted;"
    ),
    "named check": N_("check {run}"),
    "named load": N_("load test {run}"),
    "run load": N_("Load test"),
    "engine none": N_("no network emulated, real time"),
}
