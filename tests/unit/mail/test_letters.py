"""Every mail of the catalogue, in every language."""

from __future__ import annotations

import json
import re
from gettext import GNUTranslations
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.template import Template
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

from apps.core.money import Money
from apps.mail import letters
from apps.mail.catalogue import LANGUAGES, MAILS, MissingVariable
from apps.payments.services import beyond_notices
from apps.realtime.models import ChannelWebhook
from apps.tenants.permissions import Role
from apps.usage.plans import LIMITS
from apps.webhooks.models import Endpoint

FOLDERS = ("mail", "account/email", "mfa/email", "socialaccount/email")
NAMES = sorted(MAILS)
SAID = (Role, Endpoint.Reason, ChannelWebhook.Reason)  # what templates write with `|words`
LOCALE = Path(settings.LOCALE_PATHS[0])


def phrases(template: Template) -> list[str | tuple[str, int]]:
    """The message ids of a template, as gettext keeps them: of plurals with the number's form."""
    blocks = template.nodelist.get_nodes_by_type(BlockTranslateNode)
    said = [(node.render_token_list(node.singular)[0], bool(node.plural)) for node in blocks]
    return [(phrase, 0) if has_plural else phrase for phrase, has_plural in said] + [
        str(node.filter_expression.var.literal)
        for node in template.nodelist.get_nodes_by_type(TranslateNode)
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_mail_says_all_it_is_to_say(language):
    for mail in MAILS.values():
        rendered = letters.render(mail, mail.sample, language=language)
        assert 0 < len(rendered.subject) <= 120, mail.name
        assert "{{" not in rendered.html + rendered.text
        assert f'lang="{language}"' in rendered.html
        assert "fonts.googleapis" not in rendered.html
        assert "prefers-color-scheme: dark" in rendered.html


def test_each_variable_is_wanted():
    """A mail without one of them is an error, whichever it is."""
    for mail in MAILS.values():
        for path in set(mail.sample) - mail.can_lack:
            context = letters.nested({p: v for p, v in mail.sample.items() if p != path})
            with pytest.raises(MissingVariable):
                mail.collect(context)


def test_what_can_lack_can_lack():
    for mail in MAILS.values():
        letters.render(mail, dict(mail.sample, **dict.fromkeys(mail.can_lack)), language="en")


def test_a_variable_of_another_type_is_refused():
    mail = MAILS["mail/limit_near"]
    with pytest.raises(MissingVariable, match="threshold to be int"):
        mail.collect(letters.nested(dict(mail.sample, threshold="many")))


def test_a_template_that_names_what_is_not_declared_is_an_error():
    mail = MAILS["mail/welcome"]
    fewer = {path: value for path, value in mail.sample.items() if path != "tenant.url"}
    with pytest.raises(MissingVariable, match="url"):
        letters.render(mail, fewer, language="en")


def test_each_template_is_declared():
    root = Path(settings.BASE_DIR, "templates")
    found = {
        str(path.relative_to(root).with_suffix(""))
        for folder in FOLDERS
        for path in (root / folder).glob("*.txt")
    }
    assert found - {"mail/design"} == set(MAILS)


def test_each_mail_that_is_sent_is_declared():
    said = re.compile(r"template=\"([a-z_/]+)\"")
    apps = Path(settings.BASE_DIR, "apps").rglob("*.py")
    sent = {name for path in apps for name in said.findall(path.read_text()) if "/" in name}
    assert sent - set(MAILS) == set()


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_each_phrase_is_translated(language):
    engine = letters._engine()
    templates = [engine.get_template(f"{name}.txt") for name in (*NAMES, "mail/design")]
    wanted = {phrase for template in templates for phrase in phrases(template)}
    wanted |= {limit.label for limit in LIMITS.values()}
    wanted |= {label for words in SAID for label in words.labels}
    wanted |= {*beyond_notices.NAMES.values(), *beyond_notices.PRICES.values()}
    with (LOCALE / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        known = GNUTranslations(file)
    assert wanted - set(known._catalog) == set()


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_what_is_read_was_compiled_of_what_is_written(language):
    folder = LOCALE / language / "LC_MESSAGES"
    with (folder / "django.po").open("rb") as file:
        written = {m.id: m.string for m in read_po(file) if m.id and isinstance(m.id, str)}
    with (folder / "django.mo").open("rb") as file:
        read = GNUTranslations(file)
    assert {phrase: read.gettext(phrase) for phrase in written} == written, "make translations"


def test_what_stands_in_html_is_escaped():
    mail = MAILS["mail/deletion_undone"]
    values = dict(mail.sample, **{"tenant.name": "</mj-text><script>x</script> & Söhne"})
    rendered = letters.render(mail, values, language="en")
    assert "<script>" not in rendered.html
    assert rendered.subject == "</mj-text><script>x</script> & Söhne stays"
    assert "</mj-text><script>x</script> & Söhne" in rendered.text


def test_a_code_does_not_stand_in_the_preview():
    mail = MAILS["account/email/login_code"]
    preview = letters.render(mail, mail.sample, language="en").html.partition("opacity:0")[2]
    assert mail.sample["code"] not in preview.partition("</div>")[0]


@pytest.mark.parametrize(
    ("chosen", "written"), [("en-gb", "en-gb"), ("de-at", "de"), ("es", "es"), ("fr", "en")]
)
def test_languages_without_mails_get_english(chosen, written):
    assert letters.language_of(chosen) == written


def test_an_amount_is_kept_as_such_and_written_in_the_language_of_the_mail():
    mail = MAILS["mail/refund_issued"]
    kept = json.loads(mail.encode({**mail.sample, "amount": Money(-129_050, "eur")}))
    assert kept["amount"] == [-129_050, "eur"]
    for language, written in {
        "en-gb": "-€1,290.50", "de": "-1.290,50\N{NO-BREAK SPACE}€",
        "es": "-1.290,50\N{NO-BREAK SPACE}€",
    }.items():  # fmt: skip
        assert written in letters.render(mail, mail.decode(kept), language=language).text


def test_an_amount_of_an_earlier_release_stays_as_it_was_written():
    mail = MAILS["mail/refund_issued"]
    values = mail.decode({**mail.sample, "amount": "€49.00"})
    assert "€49.00" in letters.render(mail, values, language="de").subject


@pytest.mark.parametrize(
    ("name", "german"),
    [
        ("mail/invitation", "Ihre Rolle: Lehrkraft."),
        ("mail/webhook_switched_off", "(er ist tagelang gescheitert)"),
        ("account/email/new_device", "Wann: 10. Juli 2026, 09:30 UTC"),
        ("mail/limit_near", "API-Aufrufe"),
    ],
)
def test_words_of_the_product_are_in_the_language_of_the_mail(name, german):
    assert german in letters.render(MAILS[name], MAILS[name].sample, language="de").text


@pytest.mark.parametrize(("count", "subject"), [(1, "1 notice"), (2, "2 notices")])
def test_a_digest_counts_and_leads_to_each(count, subject):
    mail = MAILS["mail/digest"]
    one = {"subject": "One <is> live", "url": "https://a.example/1/"}
    values = {"count": count, "notices": [one, {"subject": "Two", "url": ""}]}
    rendered = letters.render(mail, values, language="en")
    assert rendered.subject == f"What happened: {subject}"
    assert "One <is> live\nhttps://a.example/1/\n" in rendered.text
    assert 'href="https://a.example/1/"' in rendered.html
    assert "One &lt;is&gt; live</a>" in rendered.html


def test_a_detail_without_a_value_is_left_out():
    mail = MAILS["account/email/new_device"]
    rendered = letters.render(mail, dict(mail.sample, address=""), language="en")
    assert "Network address" not in rendered.text + rendered.html


def test_a_name_is_no_link_whatever_it_says():
    mail = MAILS["mail/workspace_renamed"]
    values = dict(mail.sample, **{"tenant.name": "Win at https://evil.example/ or a@evil.example"})
    html = letters.render(mail, values, language="en").html
    assert "https://evil.example/ or" in html
    assert not re.search(r'href="[^"]*evil', html)
    assert html.count(f'href="{mail.sample["tenant.url"]}/"') == 2  # in the words, and the button
