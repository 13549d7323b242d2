"""The Open Cloud endpoints a release pipeline needs."""

from __future__ import annotations

from starlette.routing import Route

from sandbox.roblox import asset_versions, assets, experiences, introspection, places

routes = [
    Route(
        "/universes/v1/{universe_id}/places/{place_id}/versions",
        places.publish_place,
        methods=["POST"],
    ),
    Route("/api-keys/v1/introspect", introspection.introspect, methods=["POST"]),
    Route("/assets/v1/assets", assets.create_asset, methods=["POST"]),
    Route("/assets/v1/operations/{operation_id}", assets.get_operation),
    Route(
        "/assets/v1/assets/{asset_id}/versions:rollback",
        asset_versions.rollback,
        methods=["POST"],
    ),
    Route("/assets/v1/assets/{asset_id}/versions/{number}", asset_versions.get_version),
    Route("/assets/v1/assets/{asset_id}/versions", asset_versions.list_versions),
    Route("/assets/v1/assets/{asset_id}", assets.get_asset, methods=["GET"]),
    Route("/assets/v1/assets/{asset_id}", assets.update_asset, methods=["PATCH"]),
    Route(
        "/cloud/v2/universes/{universe_id:int}:restartServers",
        experiences.restart_servers,
        methods=["POST"],
    ),
    Route(
        "/cloud/v2/universes/{universe_id:int}:publishMessage",
        experiences.publish_message,
        methods=["POST"],
    ),
    Route("/cloud/v2/universes/{universe_id}/places/{place_id}", experiences.get_place),
    Route("/cloud/v2/universes/{universe_id}", experiences.get_universe),
]
