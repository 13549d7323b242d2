"""Links to a file that work for an hour and for whoever holds them, so that programs can resume."""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.core.files.storage import default_storage
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.transfers.errors import DownloadRefused
from apps.transfers.models import Export
from apps.transfers.services import exports

SECONDS = 3600
SALT = "transfers.download"


def link(*, export: Export, by: Any) -> str:
    """An address for one hour, counted from now; the download is noted. Raises `ExportNotReady`.

    It leads to the storage where that gives out links itself, else to this host.
    """
    exports.note_download(export=export, by=by)
    try:
        default_storage.path(export.storage_name)
    except NotImplementedError:
        return str(default_storage.url(export.storage_name))
    token = signing.dumps(str(export.pk), salt=SALT)
    # Forms may lead to the product's own hosts only (form-action), and the button is one.
    return f"{export.tenant.own_url}/api/v1/exports/{export.pk}/file/?token={token}"


def redeem(*, token: str, export_id: str, schema_name: str) -> Export:
    """The export behind a link; raises `DownloadRefused` for another one's, or a late one."""
    try:
        named = signing.loads(token, salt=SALT, max_age=SECONDS)
    except signing.BadSignature as error:
        raise DownloadRefused("Get a new link from the list of exports.") from error
    with schema_context("public"):
        export = Export.objects.select_related("tenant").filter(pk=export_id).first()
    if named != export_id or export is None or export.tenant.schema_name != schema_name:
        raise DownloadRefused("Get a new link from the list of exports.")
    if export.state != Export.State.READY or export.expires_at <= timezone.now():  # type: ignore[operator]
        raise DownloadRefused("The file was removed. Start a new export.")
    return export
