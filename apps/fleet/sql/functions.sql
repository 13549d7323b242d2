-- All the DDL the application's own role can cause. The functions run as the owner; names are
-- checked, the statements come out of tables that the application cannot write.
-- @prefix@, @application@ and @tenants@ are filled in by services.grants.

CREATE OR REPLACE FUNCTION fleet.role_of(schema_name text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS
$function$ SELECT '@prefix@' || schema_name $function$;

CREATE OR REPLACE FUNCTION fleet.check_name(wanted text) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
  IF wanted IS NULL OR wanted !~ '^(w|prepared)_[a-z0-9_]+$'
    OR length(fleet.role_of(wanted)) > 63 THEN
    RAISE EXCEPTION '% cannot be the name of a workspace''s schema', quote_nullable(wanted)
      USING ERRCODE = 'invalid_schema_name';
  END IF;
END $function$;

-- Give the schema's own role its rights there, and the application the right to become it.
-- Roles belong to the server: another database on it may have made the one of this name.
CREATE OR REPLACE FUNCTION fleet.admit(schema_name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  tenant text := fleet.role_of(schema_name);
  tables text;
  sequences text;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = tenant) THEN
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', tenant);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;
    END;
  END IF;
  EXECUTE format('GRANT %I TO %I WITH INHERIT TRUE', '@prefix@public', tenant);
  EXECUTE format('GRANT %I TO %I WITH INHERIT FALSE, SET TRUE', tenant, '@application@');
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', schema_name, tenant);
  -- By name: "ON ALL TABLES IN SCHEMA" reads the whole of pg_class, six times over.
  SELECT string_agg(format('%I.%I', schema_name, c.relname), ', ') FILTER (WHERE c.relkind <> 'S'),
    string_agg(format('%I.%I', schema_name, c.relname), ', ') FILTER (WHERE c.relkind = 'S')
  INTO tables, sequences
  FROM pg_namespace n
  JOIN pg_depend d ON d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid
  JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
  WHERE n.nspname = schema_name AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S');
  IF tables IS NOT NULL THEN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE %s TO %I', tables, tenant);
  END IF;
  IF sequences IS NOT NULL THEN
    EXECUTE format('GRANT USAGE, SELECT ON SEQUENCE %s TO %I', sequences, tenant);
  END IF;
  -- Tables of later migrations.
  EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I '
    'GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', schema_name, tenant);
  EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT USAGE, SELECT ON SEQUENCES TO %I',
    schema_name, tenant);
END $function$;

CREATE OR REPLACE FUNCTION fleet.build_schema(wanted text, wanted_version bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  statements text;
  is_workspace boolean := wanted LIKE 'w\_%';
BEGIN
  PERFORM fleet.check_name(wanted);
  -- Whoever retires the version waits for this transaction, and finds the schema in the ledger.
  SELECT ddl INTO statements FROM public.fleet_schemaversion
  WHERE id = wanted_version AND retired_at IS NULL FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no version % to build', wanted_version
      USING ERRCODE = 'no_data_found';
  END IF;
  EXECUTE format('CREATE SCHEMA %I', wanted);
  PERFORM set_config('search_path', format('%I, public, pg_temp', wanted), true);
  EXECUTE statements;
  PERFORM set_config('search_path', 'pg_catalog, pg_temp', true);
  IF is_workspace THEN
    PERFORM fleet.admit(wanted);
  END IF;
  INSERT INTO public.fleet_schema (name, kind, version_id, is_canary, created_at, updated_at)
  VALUES (wanted, CASE WHEN is_workspace THEN 'workspace' ELSE 'prepared' END, wanted_version,
    false, now(), now());
END $function$;

-- Make a prepared schema the one that is wanted. Returns the name it had, NULL when there is none.
CREATE OR REPLACE FUNCTION fleet.claim_schema(wanted text, wanted_version bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  prepared text;
BEGIN
  PERFORM fleet.check_name(wanted);
  IF EXISTS (SELECT FROM pg_namespace WHERE nspname = wanted) THEN
    RAISE EXCEPTION 'there is a schema % already', wanted USING ERRCODE = 'unique_violation';
  END IF;
  PERFORM FROM public.fleet_schemaversion
  WHERE id = wanted_version AND retired_at IS NULL FOR SHARE;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  SELECT name INTO prepared FROM public.fleet_schema
  WHERE kind = 'prepared' AND version_id = wanted_version
  ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  EXECUTE format('ALTER SCHEMA %I RENAME TO %I', prepared, wanted);
  PERFORM fleet.admit(wanted);
  UPDATE public.fleet_schema SET name = wanted, kind = 'workspace', created_at = now(),
    updated_at = now() WHERE name = prepared;
  RETURN prepared;
END $function$;

-- Remove a schema with all it holds. Refuses while it belongs to a customer who has not gone.
CREATE OR REPLACE FUNCTION fleet.drop_schema(unwanted text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  tenant text := fleet.role_of(unwanted);
BEGIN
  PERFORM fleet.check_name(unwanted);
  IF EXISTS (SELECT FROM public.@tenants@
    WHERE schema_name = unwanted AND state <> 'purging' FOR SHARE) THEN
    RAISE EXCEPTION '% belongs to a workspace that has not been closed', unwanted
      USING ERRCODE = 'object_in_use';
  END IF;
  -- Whoever claims a prepared one at this moment is waited for; it has another name then.
  PERFORM FROM public.fleet_schema WHERE name = unwanted FOR UPDATE;
  IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = unwanted) THEN
    RETURN false;
  END IF;
  EXECUTE format('DROP SCHEMA %I CASCADE', unwanted);
  DELETE FROM public.fleet_schema WHERE name = unwanted;
  DELETE FROM public.fleet_backfill WHERE schema_name = unwanted;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = tenant) THEN
    BEGIN
      EXECUTE format('DROP ROLE %I', tenant);
    EXCEPTION WHEN dependent_objects_still_exist OR object_in_use OR insufficient_privilege THEN
      NULL;  -- another database on this server has a workspace of this name
    END;
  END IF;
  RETURN true;
END $function$;
