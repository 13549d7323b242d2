from __future__ import annotations

from xml.sax.saxutils import escape

from apps.jobs.models import JobRun
from apps.jobs.task import run_now
from apps.roblox.models import Deployment, Experience, Release
from apps.roblox.services import experiences, releases


def place_file(source: str = "print('hello')", note: str = "") -> bytes:
    """A small .rbxlx with one server script."""
    return f"""<roblox version="4"><Item class="Workspace" referent="R0"><Properties>
<string name="Name">Workspace</string></Properties></Item>
<Item class="ServerScriptService" referent="R1"><Properties>
<string name="Name">ServerScriptService</string></Properties>
<Item class="Script" referent="R2"><Properties><string name="Name">Main{escape(note)}</string>
<ProtectedString name="Source"><![CDATA[{source}]]></ProtectedString></Properties></Item>
</Item></roblox>""".encode()


def make_experience(roblox, by, name: str = "Volcano Lab", **about_key) -> Experience:
    """An experience that stands in the sandbox and is connected on our side."""
    made = roblox.create_experience(name, **about_key)
    experience = experiences.create(name=name, universe_id=made.universe_id, by=by)
    for kind, place_id in (
        ("staging", made.staging_place_id),
        ("production", made.production_place_id),
    ):
        experiences.configure(
            environment=experience.environments.get(kind=kind),
            place_id=place_id,
            api_key=made.api_key,
            by=by,
        )
    return experience


def make_release(
    experience: Experience, version: str, by, source: str = "print('hello')"
) -> Release:
    """Uploaded and scanned."""
    release = releases.create(
        experience=experience,
        version=version,
        content=place_file(source, version),
        filename="lab.rbxlx",
        by=by,
    )
    run_now(JobRun.objects.get(name="roblox.scan_release", arguments__release_id=str(release.pk)))
    release.refresh_from_db()
    return release


def carry_out(deployment: Deployment) -> Deployment:
    """Let the deployment's job run here, once."""
    run_now(JobRun.objects.get(pk=deployment.run_id))
    deployment.refresh_from_db()
    return deployment
