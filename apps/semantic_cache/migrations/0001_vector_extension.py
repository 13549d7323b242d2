from django.db import migrations

# Only a superuser, or whom a provider lets, may create this extension; an installation whose
# owner may not has it created beforehand (docs/runbooks/semantic-cache.md).
CREATE = """
DO $do$ DECLARE
  place text := (SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'vector');
BEGIN
  IF place IS NULL THEN
    CREATE EXTENSION vector SCHEMA public;
  ELSIF place <> 'public' THEN
    RAISE EXCEPTION 'The extension vector stands in the schema %, where workspaces do not look.', place
      USING HINT = 'As a superuser: ALTER EXTENSION vector SET SCHEMA public;';
  END IF;
  IF to_regtype('public.halfvec') IS NULL THEN
    RAISE EXCEPTION 'The extension vector is older than 0.7, which has no halfvec.'
      USING HINT = 'Install pgvector 0.7 or newer, then: ALTER EXTENSION vector UPDATE;';
  END IF;
EXCEPTION
  WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'The owner of this database may not create the extension vector.'
      USING HINT = 'Have a superuser run in it: CREATE EXTENSION vector SCHEMA public;';
  WHEN undefined_file OR feature_not_supported THEN
    RAISE EXCEPTION 'pgvector is not installed on this PostgreSQL server.'
      USING HINT = 'Install its package (Debian: postgresql-18-pgvector), then migrate again.';
END $do$
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        # It stays when the migration is taken back: other tables may have such columns.
        migrations.RunSQL(CREATE, migrations.RunSQL.noop),
    ]
