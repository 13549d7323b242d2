"""What each kind of step does."""

from __future__ import annotations

from apps.payments.dunning import Deed, Step
from apps.payments.models import DunningCase, DunningStep
from apps.payments.services import dunning_holds, dunning_mails

State = DunningStep.State


def carry_out(case: DunningCase, step: DunningStep, declared: Step) -> None:
    """In the transaction that locks the account; what asks Stripe is left to a job."""
    match declared.deed:
        case Deed.TELL:
            told = dunning_mails.tell(case, declared.mail, key=f":{step.key}")
            finish(step, "" if told else "Nobody is left to tell")
        case Deed.RETRY:
            _retry(case, step)
        case Deed.READ_ONLY:
            finish(step, dunning_holds.make_read_only(case))
        case Deed.SUSPEND:
            finish(step, dunning_holds.suspend(case))
        case Deed.END:
            ask(step)


def finish(step: DunningStep, detail: str) -> None:
    _set(step, State.DONE, detail)


def note_failure(step: DunningStep, why: str) -> None:
    """It stays under way, and is told why it did not come off yet."""
    asked = DunningStep.objects.filter(pk=step.pk, state=State.ASKED)
    asked.update(detail=f"It did not come off yet and is tried again by the hour: {why}"[:300])


def leave_out(step: DunningStep, why: str) -> None:
    _set(step, State.SKIPPED, why)


def _retry(case: DunningCase, step: DunningStep) -> None:
    """Ours only where Stripe makes none any more."""
    if case.is_overdue:
        leave_out(step, "It is to be paid by transfer")
    elif case.invoice.next_attempt_at is not None:
        leave_out(step, f"Stripe tries by itself on {case.invoice.next_attempt_at:%-d %B}")
    else:
        ask(step)


def ask(step: DunningStep) -> None:
    """Have a job do it. Where one failed for good another one takes it up; a step never has two at
    a time.
    """
    from apps.payments.tasks import dun

    step.state = State.ASKED
    step.save(update_fields=["state"])
    dun.enqueue(by=None, schema_name="public", step_id=str(step.pk))


def _set(step: DunningStep, state: str, detail: str) -> None:
    step.state, step.detail, step.done_at = state, detail[:300], step.case.account.now
    step.save(update_fields=["state", "detail", "done_at"])
