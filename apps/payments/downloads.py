"""Documents as pages, the API and the console hand them out."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from apps.payments.services.document_files import File


def attachment(file: File) -> HttpResponse:
    """A file as a download that no browser opens itself."""
    disposition = content_disposition_header(as_attachment=True, filename=file.name)
    return HttpResponse(
        file.content,
        content_type=file.media_type,
        headers={"Content-Disposition": str(disposition)},
    )
