#!/bin/bash
# Run once by the PostgreSQL image: a role for each service that owns its schema and reaches nothing else.
set -euo pipefail
psql -v ON_ERROR_STOP=1 -d "$POSTGRES_DB" -c 'REVOKE ALL ON DATABASE tiemchung FROM public; REVOKE ALL ON SCHEMA public FROM public'
for schema in intake matching correction signing issuance; do
    variable=PASSWORD_${schema^^}
    psql -v ON_ERROR_STOP=1 -d "$POSTGRES_DB" -v password="${!variable}" <<SQL
CREATE ROLE tiemchung_$schema LOGIN PASSWORD :'password';
GRANT CONNECT ON DATABASE tiemchung TO tiemchung_$schema;
CREATE SCHEMA $schema AUTHORIZATION tiemchung_$schema;
SQL
done
