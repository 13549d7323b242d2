-- What a schema looks like, without its own name in it, so that two schemas can be compared.
-- Schemas are found through pg_depend, which has an index for it; pg_class has none by schema,
-- and among a thousand workspaces reading it whole for each one takes a minute.

CREATE OR REPLACE FUNCTION fleet.structure(wanted text) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  space oid := (SELECT oid FROM pg_namespace WHERE nspname = wanted);
  own text := quote_ident(wanted) || '.';
BEGIN
  IF space IS NULL THEN
    RETURN NULL;
  END IF;
  RETURN (
    WITH members AS MATERIALIZED (
      SELECT classid, objid FROM pg_depend
      WHERE refclassid = 'pg_namespace'::regclass AND refobjid = space
    ), relations AS MATERIALIZED (
      SELECT c.oid, c.relname, c.relkind, c.relpersistence, c.reloptions, c.relrowsecurity,
        c.relforcerowsecurity
      FROM members JOIN pg_class c ON c.oid = objid
      WHERE classid = 'pg_class'::regclass AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    ), found AS (
      SELECT r.relname::text AS name, jsonb_strip_nulls(jsonb_build_object(
        'kind', r.relkind,
        'persistence', nullif(r.relpersistence, 'p'),
        'options', r.reloptions,
        'row security', nullif(concat_ws(' ', nullif(r.relrowsecurity, false),
          nullif(r.relforcerowsecurity, false)), ''),
        'definition', CASE WHEN r.relkind IN ('v', 'm')
          THEN replace(pg_get_viewdef(r.oid), own, '') END,
        'columns', (
          SELECT jsonb_object_agg(a.attname, concat_ws(' ',
            replace(format_type(a.atttypid, a.atttypmod), own, ''),
            CASE WHEN a.attcollation <> t.typcollation THEN 'collate ' || k.collname END,
            CASE WHEN a.attnotnull THEN 'not null' END,
            CASE WHEN a.attidentity <> '' THEN 'identity ' || a.attidentity::text END,
            CASE WHEN a.attgenerated <> '' THEN 'generated ' || a.attgenerated::text END,
            'default ' || replace(pg_get_expr(d.adbin, d.adrelid), own, ''),
            (SELECT format('sequence %s %s..%s by %s from %s%s', format_type(q.seqtypid, NULL),
               q.seqmin, q.seqmax, q.seqincrement, q.seqstart, CASE WHEN q.seqcycle THEN ' cycle' END)
             FROM pg_depend o JOIN pg_sequence q ON q.seqrelid = o.objid
             WHERE o.refclassid = 'pg_class'::regclass AND o.refobjid = r.oid
               AND o.refobjsubid = a.attnum AND o.classid = 'pg_class'::regclass
               AND o.deptype IN ('a', 'i') LIMIT 1),
            'comment ' || quote_literal(col_description(r.oid, a.attnum))))
          FROM pg_attribute a
          JOIN pg_type t ON t.oid = a.atttypid
          LEFT JOIN pg_collation k ON k.oid = a.attcollation
          LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
          WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped),
        -- NOT NULL stands with its column; its constraint counts only while it is unproved.
        'constraints', (
          SELECT jsonb_object_agg(conname, replace(pg_get_constraintdef(oid), own, ''))
          FROM pg_constraint WHERE conrelid = r.oid AND (contype <> 'n' OR NOT convalidated)),
        'indexes', (
          SELECT jsonb_object_agg(c.relname, replace(pg_get_indexdef(c.oid), own, '')
            || CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END)
          FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = r.oid),
        'triggers', (
          SELECT jsonb_object_agg(tgname, concat(replace(pg_get_triggerdef(oid), own, ''),
            ' ', nullif(tgenabled, 'O')))
          FROM pg_trigger WHERE tgrelid = r.oid AND NOT tgisinternal),
        'policies', (
          SELECT jsonb_object_agg(polname, concat_ws(' ', polcmd, polpermissive,
            pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)))
          FROM pg_policy WHERE polrelid = r.oid),
        'comment', obj_description(r.oid, 'pg_class')
      )) AS about
      FROM relations r
      UNION ALL
      SELECT 'sequence ' || c.relname, jsonb_build_object('definition', format(
        '%s %s..%s by %s from %s', format_type(q.seqtypid, NULL), q.seqmin, q.seqmax,
        q.seqincrement, q.seqstart))
      FROM members JOIN pg_sequence q ON q.seqrelid = objid JOIN pg_class c ON c.oid = objid
      WHERE classid = 'pg_class'::regclass AND NOT EXISTS (
        SELECT FROM pg_depend o WHERE o.classid = 'pg_class'::regclass AND o.objid = q.seqrelid
          AND o.refclassid = 'pg_class'::regclass AND o.refobjsubid > 0)
      UNION ALL
      SELECT 'function ' || replace(objid::regprocedure::text, own, ''), jsonb_build_object(
        'definition', CASE WHEN p.prokind = 'a' THEN 'aggregate'
          ELSE replace(pg_get_functiondef(objid), own, '') END)
      FROM members JOIN pg_proc p ON p.oid = objid WHERE classid = 'pg_proc'::regclass
      UNION ALL
      SELECT 'type ' || t.typname, jsonb_strip_nulls(jsonb_build_object('kind', t.typtype, 'values',
        (SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e
         WHERE e.enumtypid = t.oid)))
      FROM members JOIN pg_type t ON t.oid = objid
      WHERE classid = 'pg_type'::regclass AND t.typtype IN ('e', 'd', 'r')
    )
    SELECT coalesce(jsonb_object_agg(name, about), '{}') FROM found
  );
END $function$;

CREATE OR REPLACE FUNCTION fleet.structure_hash(wanted text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $function$
  SELECT encode(sha256(convert_to(fleet.structure(wanted)::text, 'UTF8')), 'hex')
$function$;

-- The tables whose rights or owner are not what `fleet.admit` gives; NULL when all are.
CREATE OR REPLACE FUNCTION fleet.strange_rights(wanted text) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  space oid := (SELECT oid FROM pg_namespace WHERE nspname = wanted);
  fleet_owner oid := (SELECT nspowner FROM pg_namespace WHERE nspname = 'fleet');
  tenant oid := (SELECT oid FROM pg_roles WHERE rolname = fleet.role_of(wanted));
BEGIN
  RETURN (
    WITH things AS (
      SELECT c.relname::text AS name, c.relowner AS landlord, c.relacl AS rights,
        CASE c.relkind WHEN 'S' THEN 'SELECT USAGE' ELSE 'DELETE INSERT SELECT UPDATE' END AS due
      FROM pg_depend d JOIN pg_class c ON c.oid = d.objid
      WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = space
        AND d.classid = 'pg_class'::regclass AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      UNION ALL
      SELECT 'the schema itself', nspowner, nspacl, 'USAGE' FROM pg_namespace WHERE oid = space
    ), given AS (
      SELECT name, things.landlord = fleet_owner AS owned, due, coalesce((
        SELECT string_agg(x.privilege_type, ' ' ORDER BY x.privilege_type)
        FROM aclexplode(rights) x WHERE x.grantee = tenant), '') AS own, (
        SELECT string_agg(DISTINCT x.grantee::regrole::text, ', ') FROM aclexplode(rights) x
        WHERE x.grantee NOT IN (tenant, fleet_owner)) AS others
      FROM things
    )
    SELECT jsonb_object_agg(name, concat_ws('; ',
      CASE WHEN NOT owned THEN 'has another owner' END,
      CASE WHEN own <> due THEN format('its role may %s, not %s', coalesce(nullif(own, ''),
        'nothing'), due) END,
      'rights of ' || others))
    FROM given WHERE NOT owned OR own <> due OR others IS NOT NULL
  );
END $function$;

-- A hash of the migrations a schema notes as applied, in any order.
CREATE OR REPLACE FUNCTION fleet.applied_hash(wanted text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  answer text;
BEGIN
  IF to_regclass(format('%I.django_migrations', wanted)) IS NULL THEN
    RETURN NULL;
  END IF;
  EXECUTE format('SELECT encode(sha256(convert_to(string_agg(app || ''.'' || name, E''\n'' '
    'ORDER BY (app || ''.'' || name) COLLATE "C"), ''UTF8'')), ''hex'') FROM %I.django_migrations', wanted)
    INTO answer;
  RETURN answer;
END $function$;
