-- After all functions: who may call them.

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA fleet FROM PUBLIC;
GRANT USAGE ON SCHEMA fleet TO @application_identifier@;
GRANT EXECUTE ON FUNCTION fleet.build_schema, fleet.claim_schema, fleet.drop_schema,
  fleet.structure, fleet.structure_hash, fleet.role_of, fleet.strange_rights
TO @application_identifier@;
