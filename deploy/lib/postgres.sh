# PostgreSQL: a cluster of our own (durable: fsync on), a role and a schema for each service.

PG_BIN=${TIEMCHUNG_POSTGRES_BIN:-/usr/lib/postgresql/15/bin}

# The server refuses root: it runs as the package's user then.
as_postgres() {
  if [[ $EUID -eq 0 ]]; then runuser -u postgres -- "$@"; else "$@"; fi
}
pg_superuser() { if [[ $EUID -eq 0 ]]; then printf postgres; else id -un; fi; }

# Where the cluster lies: under the state folder, or, where that user cannot reach it, under /var/tmp (recorded).
pg_place() {
  if [[ -s $STATE/postgres.path ]]; then
    PG_HOME=$(<"$STATE/postgres.path")
    return
  fi
  PG_HOME=$STATE/postgres
  mkdir -p "$PG_HOME"
  if [[ $EUID -eq 0 ]]; then
    chown postgres: "$PG_HOME"
    # A socket's path may have 107 bytes.
    if ! as_postgres test -w "$PG_HOME" || ((${#PG_HOME} > 85)); then
      rmdir "$PG_HOME" 2>/dev/null || true
      PG_HOME=/var/tmp/tiemchung-$(printf '%s' "$STATE" | sha256sum | cut -c1-12)
      mkdir -p "$PG_HOME"
      chown postgres: "$PG_HOME"
    fi
  fi
  chmod 755 "$PG_HOME"
  printf '%s\n' "$PG_HOME" >"$STATE/postgres.path"
}

pg_sql() { as_postgres "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$PG_HOME" -p "$POSTGRES_PORT" -U "$(pg_superuser)" "$@"; }

pg_initialise() {
  [[ -s $PG_HOME/data/PG_VERSION && -f $PG_HOME/complete ]] && return 0
  say "tạo cụm PostgreSQL / making the PostgreSQL cluster in $PG_HOME"
  as_postgres rm -rf "$PG_HOME/data"
  as_postgres "$PG_BIN/initdb" -D "$PG_HOME/data" -E UTF8 --locale=C.UTF-8 -U "$(pg_superuser)" \
    --auth-local=peer --auth-host=scram-sha-256 >"$STATE/log/initdb.log" 2>&1 || {
    tail -n 5 "$STATE/log/initdb.log" >&2
    die 69 "initdb không thành công / initdb failed ($STATE/log/initdb.log)"
  }
  as_postgres tee "$PG_HOME/data/pg_hba.conf" >/dev/null <<T
local all $(pg_superuser) peer
local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
T
  as_postgres tee -a "$PG_HOME/data/postgresql.conf" >/dev/null <<T
listen_addresses = '127.0.0.1'
unix_socket_directories = '$PG_HOME'
max_connections = 200
shared_buffers = ${TIEMCHUNG_SHARED_BUFFERS:-256MB}
max_wal_size = 4GB
checkpoint_timeout = 15min
wal_compression = lz4
fsync = on
synchronous_commit = on
autovacuum_naptime = 10s
random_page_cost = 1.1
jit = off
log_min_messages = warning
# Details of an error quote rows.
log_error_verbosity = terse
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
T
  as_postgres touch "$PG_HOME/complete"
}

pg_ready() { pg_sql -d postgres -Atc 'select 1' >/dev/null 2>&1; }

pg_launch() {
  local runner=() old
  [[ $EUID -eq 0 ]] && runner=(setpriv --reuid=postgres --regid=postgres --init-groups)
  # After a crash the number in its pid file may have become another process's; a dead one the server sees itself.
  if [[ -f $PG_HOME/data/postmaster.pid ]]; then
    old=$(head -n 1 "$PG_HOME/data/postmaster.pid")
    if [[ -d /proc/$old && $(readlink "/proc/$old/cwd") != "$PG_HOME/data" ]]; then
      as_postgres rm -f "$PG_HOME/data/postmaster.pid"
    fi
  fi
  launch postgres env -C "$PG_HOME" "${runner[@]}" "$PG_BIN/postgres" -D "$PG_HOME/data" -p "$POSTGRES_PORT"
}

# After its main process was killed, the server's other processes need a moment to notice and end.
pg_start() {
  local deadline=$((SECONDS + START_TIMEOUT))
  pg_launch
  until pg_ready; do
    if ! is_running postgres; then
      if ((SECONDS < deadline)) && tail -n 5 "$STATE/log/postgres.log" | grep -q 'shared memory block\|lock file'; then
        sleep 0.2
        pg_launch
        continue
      fi
      tail -n 10 "$STATE/log/postgres.log" >&2
      die 69 "PostgreSQL không khởi động / did not start ($STATE/log/postgres.log)"
    fi
    ((SECONDS < deadline)) || die 69 "PostgreSQL chưa sẵn sàng sau $START_TIMEOUT giây / not ready"
    sleep 0.1
  done
}

# One role for each service that owns its schema and reaches nothing else.
pg_roles() {
  local marker=$STATE/run/roles service schema
  [[ -f $marker && $marker -nt $PG_HOME/complete ]] && return 0
  if [[ -z $(pg_sql -d postgres -Atc "select 1 from pg_database where datname = 'tiemchung'") ]]; then
    pg_sql -d postgres -c 'create database tiemchung'
  fi
  {
    echo 'revoke all on database tiemchung from public; revoke all on schema public from public;'
    echo "alter role \"$(pg_superuser)\" password '$(secret database-admin)';"
    for service in "${SERVICES[@]}"; do
      schema=${SCHEMA[$service]}
      cat <<T
do \$\$ begin
  if not exists (select from pg_roles where rolname = 'tiemchung_$schema') then create role tiemchung_$schema login; end if;
end \$\$;
alter role tiemchung_$schema password '$(secret "database-$schema")';
grant connect on database tiemchung to tiemchung_$schema;
create schema if not exists $schema authorization tiemchung_$schema;
T
    done
  } | pg_sql -d tiemchung -f - >/dev/null
  touch "$marker"
}

# In somebody else's database: the schemas are all that we make. Those that we have made are ours to drop.
given_schemas() {
  local service statements='' names=''
  for service in "${SERVICES[@]}"; do
    statements+="create schema if not exists ${SCHEMA[$service]}; "
    names+="${names:+,}'${SCHEMA[$service]}'"
  done
  if [[ ! -f $STATE/run/given-database ]] &&
    [[ $("$PG_BIN/psql" -XAtc "select count(*) from pg_namespace where nspname in ($names)" "$GIVEN_DATABASE_URL" 2>/dev/null) == 0 ]]; then
    printf '%s' "$GIVEN_DATABASE_URL" | sha256sum >"$STATE/run/given-database"
  fi
  "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 "$GIVEN_DATABASE_URL" -c "set client_min_messages = warning; $statements" \
    >"$STATE/log/schemas.log" 2>&1 </dev/null || {
    tail -n 3 "$STATE/log/schemas.log" >&2
    die 69 "DATABASE_URL: không tạo được schema / the schemas could not be made ($STATE/log/schemas.log)"
  }
}

postgres_up() {
  if [[ -n $GIVEN_DATABASE_URL ]]; then
    given_schemas
    return
  fi
  pg_place
  if ! is_running postgres; then
    [[ -x $PG_BIN/postgres ]] || die 69 "không có PostgreSQL 15 / there is no PostgreSQL 15 in $PG_BIN"
    pg_initialise
    pg_start
  fi
  pg_roles
}

postgres_down() {
  [[ -z $GIVEN_DATABASE_URL ]] || return 0
  # INT: fast shutdown, checkpoint included.
  stop_process postgres INT
}

postgres_wipe() {
  if [[ -n $GIVEN_DATABASE_URL ]]; then
    if [[ $(cat "$STATE/run/given-database" 2>/dev/null) != "$(printf '%s' "$GIVEN_DATABASE_URL" | sha256sum)" ]]; then
      say "DATABASE_URL: dữ liệu được giữ, không do deploy/local tạo / data kept: not made by this deploy/local"
      return
    fi
    local service statements=''
    for service in "${SERVICES[@]}"; do statements+="drop schema if exists ${SCHEMA[$service]} cascade; "; done
    "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 "$GIVEN_DATABASE_URL" -c "set client_min_messages = warning; $statements" >&2
    rm -f "$STATE/run/given-database"
    return
  fi
  if [[ -s $STATE/postgres.path ]]; then
    PG_HOME=$(<"$STATE/postgres.path")
    [[ $PG_HOME == */postgres || $PG_HOME == /var/tmp/tiemchung-* ]] && rm -rf "$PG_HOME"
  fi
  rm -f "$STATE/postgres.path" "$STATE/run/roles"
}

# database_url SERVICE
database_url() {
  if [[ -n $GIVEN_DATABASE_URL ]]; then
    printf '%s' "$GIVEN_DATABASE_URL"
    return
  fi
  [[ -n ${PG_HOME:-} ]] || pg_place
  local schema=${SCHEMA[$1]}
  printf 'postgresql://tiemchung_%s:%s@/tiemchung?host=%s&port=%s' \
    "$schema" "$(secret "database-$schema")" "${PG_HOME//\//%2F}" "$POSTGRES_PORT"
}

# The superuser's address, for whoever looks into the database from outside.
database_admin_url() {
  if [[ -n $GIVEN_DATABASE_URL ]]; then
    printf '%s' "$GIVEN_DATABASE_URL"
  else
    printf 'postgresql://%s:%s@127.0.0.1:%s/tiemchung' "$(pg_superuser)" "$(secret database-admin)" "$POSTGRES_PORT"
  fi
}
