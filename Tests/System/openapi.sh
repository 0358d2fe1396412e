#!/usr/bin/env bash
# Each service's committed OpenAPI document is what its routing table says now, and the committed AsyncAPI document what the
# declared topics are. With --write the documents are made anew.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
bin=${TIEMCHUNG_BIN:-${TIEMCHUNG_SCRATCH:-.build}/${TIEMCHUNG_CONFIGURATION:-release}}
passed=0 failed=0
for service in intake identity-matching correction-tasks signing passport-issuance; do
  if [[ ${1:-} == --write ]]; then
    "$bin/$service" openapi >"deploy/openapi/$service.yaml"
  elif diff -u "deploy/openapi/$service.yaml" <("$bin/$service" openapi); then
    passed=$((passed + 1))
  else
    echo "$service: deploy/openapi/$service.yaml is not current; Tests/System/openapi.sh --write makes it anew"
    failed=$((failed + 1))
  fi
done
contract=Shared/Contracts/asyncapi.yaml
if [[ ${1:-} == --write ]]; then
  "$bin/operator" asyncapi >"$contract"
elif diff -u "$contract" <("$bin/operator" asyncapi); then
  passed=$((passed + 1))
else
  echo "$contract is not current; Tests/System/openapi.sh --write makes it anew"
  failed=$((failed + 1))
fi
echo "$passed passed, $failed failed"
((failed == 0))
