"""The rules by id: how bad, why, and what to do. Pages and documentation read this table."""

from __future__ import annotations

from dataclasses import dataclass

from .findings import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    severity: Severity
    title: str
    why: str
    advice: str


_ALL = (
    Rule(
        "require-asset-id",
        Severity.CRITICAL,
        "Loads code from an asset",
        "Whoever owns the asset can change that code at any time and runs it in your servers.",
        "Put the module into the place and require the instance.",
    ),
    Rule(
        "require-computed",
        Severity.HIGH,
        "Requires something computed",
        "Backdoors compute an asset id so that it cannot be found by searching.",
        "Require the module's instance by its path.",
    ),
    Rule(
        "loadstring",
        Severity.HIGH,
        "Runs text as code",
        "The code that runs is not in the file and cannot be reviewed.",
        "Move the code into a ModuleScript and leave LoadStringEnabled off.",
    ),
    Rule(
        "loadstring-download",
        Severity.CRITICAL,
        "Runs downloaded text as code",
        "Whoever controls the address decides what your servers run.",
        "Remove it; keep all code in the place.",
    ),
    Rule(
        "environment-access",
        Severity.HIGH,
        "Reaches into a function's environment",
        "getfenv and setfenv reach every global by name, which is how calls are hidden; they "
        "also switch off Luau's optimisations.",
        "Use local variables or a ModuleScript's table.",
    ),
    Rule(
        "insert-asset",
        Severity.HIGH,
        "Inserts an asset while the game runs",
        "What is inserted is not in the file, was not scanned, and may hold scripts.",
        "Insert the asset in Studio, look through it, and release it with the place.",
    ),
    Rule(
        "http-webhook",
        Severity.HIGH,
        "Sends to a webhook or paste address",
        "Such addresses are how stolen data leaves a game and how outside code enters it.",
        "Remove it, or send to a server of your own that you name in the release notes.",
    ),
    Rule(
        "http-unknown",
        Severity.HIGH,
        "Calls an address that is not in the script",
        "A computed address can lead anywhere, and changes without a release.",
        "Write the address as plain text.",
    ),
    Rule(
        "http-request",
        Severity.MEDIUM,
        "Calls an outside server",
        "What players do may leave Roblox, and the game depends on a server you may not own.",
        "Check that the server is yours and what is sent to it.",
    ),
    Rule(
        "obfuscator",
        Severity.CRITICAL,
        "Carries the mark of an obfuscator",
        "Nobody can review what the code does.",
        "Ask for the source, or remove the script.",
    ),
    Rule(
        "escaped-text",
        Severity.HIGH,
        "Text written as escape codes",
        "Plain letters are written as numbers only to keep people and searches from reading them.",
        "Write the text plainly, or remove the script.",
    ),
    Rule(
        "hidden-whitespace",
        Severity.HIGH,
        "Code pushed out of sight",
        "Long runs of blanks move code beyond the edge of the editor.",
        "Read what stands after the blanks and remove it.",
    ),
    Rule(
        "long-line",
        Severity.LOW,
        "A very long line",
        "Code packed into one line is hard to review and is a habit of obfuscators.",
        "Format the script.",
    ),
    Rule(
        "long-script",
        Severity.MEDIUM,
        "A very long script",
        "Roblox Studio does not open scripts of 200,000 characters or more for editing.",
        "Split it into modules.",
    ),
    Rule(
        "hidden-script",
        Severity.MEDIUM,
        "A script in an unlikely place",
        "Infected models hide scripts inside welds, sounds and the like, or under a blank name.",
        "Move it to a service for scripts, or delete it.",
    ),
    Rule(
        "data-payload",
        Severity.MEDIUM,
        "Code kept as data",
        "Code in attributes or values is there to be run without being seen in a script.",
        "Remove the value, and look for the script that reads it.",
    ),
    Rule(
        "bytecode",
        Severity.HIGH,
        "A script without readable source",
        "Its source is not text, so it cannot be reviewed.",
        "Replace it with a script that has source.",
    ),
    Rule(
        "syntax-error",
        Severity.MEDIUM,
        "Does not parse",
        "The script will not start, and what cannot be parsed is scanned only in part.",
        "Open it in Studio and mend the marked place.",
    ),
    Rule(
        "scan-incomplete",
        Severity.CRITICAL,
        "Could not be scanned wholly",
        "Something may hide in the part that was not looked at.",
        "Split or simplify the script and upload the file again.",
    ),
)

RULES: dict[str, Rule] = {rule.id: rule for rule in _ALL}
