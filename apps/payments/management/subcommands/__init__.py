"""What `manage.py billing` can do: each module in here is a subcommand of its name, with

    HELP: str                                              # one line
    def add_arguments(parser: ArgumentParser) -> None
    def run(out: OutputWrapper, **options: Any) -> None    # calls one service, writes what it says

Refusals are raised as `DomainError`, or as `CommandError` where the exit code matters.
"""
