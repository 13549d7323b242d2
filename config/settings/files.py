"""Static files (WhiteNoise, Vite) and stored files (local folder, or S3 as Supabase speaks it)."""

from .environment import BASE_DIR, ENV, LOCAL_DIR

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
DJANGO_VITE = {
    "default": {
        # Tests of pages need no built front end; browser tests run the real one.
        "dev_mode": ENV.toolboxai_env == "test",
        "manifest_path": BASE_DIR / "static" / "dist" / "manifest.json",
        "static_url_prefix": "dist",
    }
}
MEDIA_ROOT = ENV.media_dir or LOCAL_DIR / "media"
# Where exports are put together and imports wait, on the worker's own disk.
TRANSFERS_DIR = ENV.transfers_dir or LOCAL_DIR / "transfers"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
CLAMAV_URL = ENV.clamav_url

_local = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {"location": MEDIA_ROOT, "file_permissions_mode": 0o640},
}
_supabase = {
    "BACKEND": "apps.media.s3_storage.GuardedS3Storage",
    "OPTIONS": {
        "endpoint_url": ENV.supabase_s3_endpoint,
        "bucket_name": ENV.supabase_s3_bucket,
        "access_key": ENV.supabase_s3_access_key.get_secret_value(),
        "secret_key": ENV.supabase_s3_secret_key.get_secret_value(),
        "region_name": ENV.supabase_s3_region,
        "addressing_style": "path",
        "file_overwrite": True,
        "default_acl": None,
        "querystring_auth": True,
    },
}
# Compressing takes seventeen times as long as the rest of collecting: on loopback a waste.
_static_backends = {
    "test": "django.contrib.staticfiles.storage.StaticFilesStorage",
    "development": "apps.core.static_storage.StaticStorage",
    "production": "apps.core.static_storage.CompressedStaticStorage",
}
STORAGES = {
    "default": _supabase if ENV.supabase_s3_endpoint else _local,
    "staticfiles": {"BACKEND": _static_backends[ENV.toolboxai_env]},
}
# Vite's file names carry their own hash.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^.+[.-][0-9a-zA-Z_-]{8,12}\..+$"
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = ENV.toolboxai_env == "test"
