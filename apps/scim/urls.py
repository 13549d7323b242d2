from __future__ import annotations

from django.urls import path, re_path

from apps.scim.views import discovery, provisioning, resources

V2 = "scim/v2/"
PAGE = "settings/provisioning/"

urlpatterns = [
    path(V2 + "ServiceProviderConfig", discovery.Config.as_view(), name="scim_config"),
    path(V2 + "Schemas", discovery.Schemas.as_view(), name="scim_schemas"),
    path(V2 + "Schemas/<str:schema>", discovery.Schemas.as_view(), name="scim_schema"),
    path(V2 + "ResourceTypes", discovery.ResourceTypes.as_view(), name="scim_types"),
    path(V2 + "ResourceTypes/<str:name>", discovery.ResourceTypes.as_view(), name="scim_type"),
    path(V2 + "Users", resources.Users.as_view(), name="scim_users"),
    path(V2 + "Users/<str:resource_id>", resources.OneUser.as_view(), name="scim_user"),
    path(V2 + "Groups", resources.Groups.as_view(), name="scim_groups"),
    path(V2 + "Groups/<str:resource_id>", resources.OneGroup.as_view(), name="scim_group"),
    re_path(r"^scim/", discovery.Absent.as_view(), name="scim_absent"),
    path(PAGE, provisioning.index, name="settings_provisioning"),
    path(PAGE + "role/", provisioning.default_role, name="provisioning_role"),
    path(PAGE + "tokens/<uuid:pk>/rotate/", provisioning.rotate, name="scim_token_rotate"),
    path(PAGE + "tokens/<uuid:pk>/revoke/", provisioning.revoke, name="scim_token_revoke"),
    path(PAGE + "groups/<uuid:pk>/", provisioning.map_group, name="scim_group_map"),
]
