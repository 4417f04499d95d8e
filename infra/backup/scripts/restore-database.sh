#!/usr/bin/env bash
# Puts a dump (custom format) in the place of a database; what was there is kept under another name.
# stdin: {"file", "sha256", "address", "port", "user", "password", "database"}; last line of stdout: {"changed", "version"}.
set -euo pipefail

input=$(cat)
field() { jq --exit-status --raw-output --arg name "$1" '.[$name]' <<<"$input"; }

file=$(field file)
sha256=$(field sha256)
database=$(field database)
# In the environment: arguments are seen by every account of the machine.
PGHOST=$(field address)
PGPORT=$(field port)
PGUSER=$(field user)
PGPASSWORD=$(field password)
export PGHOST PGPORT PGUSER PGPASSWORD

short=${sha256:0:12}
fresh="${database}_restore_${short}"
kept="${database}_before_${short}"

# Runs SQL from stdin in the maintenance database.
sql() {
  psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --dbname postgres \
    --set "database=$database" --set "fresh=$fresh" --set "kept=$kept" --set "note=fidus restored $sha256"
}

end() { jq --null-input --compact-output --argjson changed "$1" --arg version "$sha256" '{changed: $changed, version: $version}'; }

note=$(sql <<<"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = :'database'")
if [[ $note == "fidus restored $sha256" ]]; then
  end false
  exit
fi

if [[ ! -r $file ]]; then
  echo "backup: got no file $file on this host; needs the dump that shall be restored" >&2
  exit 1
fi
got=$(sha256sum "$file")
if [[ ${got%% *} != "$sha256" ]]; then
  echo "backup: got ${got%% *} as the SHA-256 of $file; needs $sha256. Fetch the dump again: this one is damaged, or another" >&2
  exit 1
fi

# What a run that was cut off left behind.
sql <<<'DROP DATABASE IF EXISTS :"fresh" WITH (FORCE)'
sql <<<'CREATE DATABASE :"fresh" TEMPLATE template0'
if ! pg_restore --exit-on-error --single-transaction --no-owner --no-privileges --dbname "$fresh" "$file" >&2; then
  sql <<<'DROP DATABASE IF EXISTS :"fresh" WITH (FORCE)'
  exit 1
fi

# Both names change together or not at all; nobody connects in between.
sql <<'SQL'
SELECT format('ALTER DATABASE %I ALLOW_CONNECTIONS false', :'database') FROM pg_database WHERE datname = :'database' \gexec
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname IN (:'database', :'fresh');
BEGIN;
SELECT format('ALTER DATABASE %I RENAME TO %I', :'database', :'kept') FROM pg_database WHERE datname = :'database' \gexec
ALTER DATABASE :"fresh" RENAME TO :"database";
COMMENT ON DATABASE :"database" IS :'note';
COMMIT;
SELECT format('ALTER DATABASE %I ALLOW_CONNECTIONS true', :'kept') FROM pg_database WHERE datname = :'kept' \gexec
SQL
end true
