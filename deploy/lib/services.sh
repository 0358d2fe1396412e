# The five services: their settings, start in order, readiness, stop in the reverse order.

# Names of all instances: intake, intake-2 …
instances() {
  local service number
  for service in "${SERVICES[@]}"; do
    printf '%s\n' "$service"
    for ((number = 2; number <= INSTANCES; number++)); do printf '%s-%s\n' "$service" "$number"; done
  done
}

service_of() { local name=$1; [[ $name =~ ^(.*)-([0-9]+)$ ]] && name=${BASH_REMATCH[1]}; printf '%s' "$name"; }
instance_of() { [[ $1 =~ -([0-9]+)$ ]] && printf '%s' "${BASH_REMATCH[1]}" || printf 1; }

# The port of an instance; $2 is 0 for its interface, 1000 for operations.
port_of() {
  local service
  service=$(service_of "$1")
  printf '%s' $((PORT_BASE + NUMBER[$service] + ($(instance_of "$1") - 1) * 10 + $2))
}

# Keys of the stack: secrets of services, the development issuer, the development certificate authorities.
keys_up() {
  secret intake-identifiers >/dev/null
  secret matching-persons >/dev/null
  [[ -s $STATE/keys/jwks.json ]] || tool operator token --role operator --unit CNTT >/dev/null
}

# service_environment NAME: what an instance is started with, one NAME=VALUE a line.
service_environment() {
  local name=$1 service
  service=$(service_of "$name")
  cat <<T
DATABASE_URL=$(database_url "$service")
KAFKA_BOOTSTRAP_SERVERS=$BOOTSTRAP
HTTP_LISTEN=127.0.0.1:$(port_of "$name" 0)
OPERATIONS_LISTEN=127.0.0.1:$(port_of "$name" 1000)
DEVELOPMENT_MODE=true
JWKS_FILE=$STATE/keys/jwks.json
INSTANCE_NAME=$name
START_WAIT_SECONDS=$START_TIMEOUT
T
  case $service in
    intake) printf 'INTAKE_IDENTIFIER_KEY_FILE=%s\n' "$STATE/keys/intake-identifiers" ;;
    identity-matching) printf '%s\n' "MATCHING_PERSON_KEY_FILE=$STATE/keys/matching-persons" "MATCHING_INDEX_DIRECTORY=$STATE/indexes" ;;
    signing) printf 'TRUST_ANCHORS_FILE=%s\n' "$STATE/keys/demo-heads/trust.pem" ;;
    passport-issuance) printf 'ISSUER_KEYS_DIRECTORY=%s\n' "$STATE/keys/issuance" ;;
  esac
}

# with_service NAME COMMAND…: runs the service's executable with its settings.
with_service() {
  local name=$1 settings
  shift
  mapfile -t settings < <(service_environment "$name")
  env "${settings[@]}" "$@"
}

service_healthy() { with_service "$1" "$(binary "$(service_of "$1")")" healthcheck >/dev/null 2>&1 </dev/null; }

service_migrate() {
  local service=$1 log=$STATE/log/$1-migrate.log program
  program=$(binary "$service")
  with_service "$service" "$program" migrate >"$log" 2>&1 </dev/null || {
    tail -n 10 "$log" >&2
    die 69 "$service: migrate không thành công / failed ($log)"
  }
}

service_launch() {
  local name=$1 preload=() settings program
  program=$(binary "$(service_of "$name")")
  local jemalloc=/usr/lib/$(uname -m)-linux-gnu/libjemalloc.so.2
  [[ -e $jemalloc && ${TIEMCHUNG_JEMALLOC:-1} == 1 ]] && preload=(LD_PRELOAD="$jemalloc" MALLOC_CONF=background_thread:true,dirty_decay_ms:2000)
  mapfile -t settings < <(service_environment "$name")
  launch "$name" env "${settings[@]}" "${preload[@]}" "$program"
}

# A service that was started against a broker that is gone is started again.
stale_services() {
  local name
  for name in $(instances); do
    is_running "$name" || continue
    [[ $(cat "$STATE/run/$name.broker" 2>/dev/null) == "$BOOTSTRAP" ]] || printf '%s\n' "$name"
  done
}

# services_up NAME…: starts those that do not run, all at once, and waits until each is ready.
services_up() {
  local name started=() migrated=
  for name in "$@"; do
    is_running "$name" && continue
    local service
    service=$(service_of "$name")
    if [[ $migrated != *" $service "* ]]; then
      service_migrate "$service"
      migrated="$migrated $service "
    fi
    service_launch "$name"
    printf '%s\n' "$BOOTSTRAP" >"$STATE/run/$name.broker"
    started+=("$name")
  done
  for name in "${started[@]}"; do await "$name" "$START_TIMEOUT" service_healthy "$name"; done
}

services_down() {
  local name failed=0
  for name in "$@"; do stop_process "$name" || failed=1; done
  return $failed
}

# up [NAME…]
command_up() {
  local wanted=("$@") everything=0 name
  install_packages
  build_release
  if [[ ${#wanted[@]} -eq 0 ]]; then
    everything=1
    mapfile -t wanted < <(instances)
    wanted=(postgres broker "${wanted[@]}")
  fi
  local services=()
  for name in "${wanted[@]}"; do
    case $name in
      postgres) postgres_up ;;
      broker | kafka | development-broker) broker_up ;;
      *)
        [[ -n ${NUMBER[$(service_of "$name")]:-} ]] || die 64 "không có dịch vụ '$name' / no such service"
        services+=("$name")
        ;;
    esac
  done
  [[ ${#services[@]} -gt 0 ]] || return 0
  recall_broker
  [[ $BROKER == embedded && -s $STATE/run/bootstrap ]] && BOOTSTRAP=$(<"$STATE/run/bootstrap")
  [[ -n $GIVEN_DATABASE_URL ]] || pg_place
  keys_up
  local stale
  mapfile -t stale < <(stale_services)
  [[ ${#stale[@]} -eq 0 ]] || services_down "${stale[@]}" || true
  services_up "${services[@]}"
  # An in-memory broker that began anew has lost what was on the way: everybody says it again.
  if ((everything)) && [[ -f $STATE/run/broker-began && -f $STATE/had-data ]]; then
    say "công bố lại vào broker mới / announcing into the new broker"
    command_operator announce >&2
  fi
  if ((everything)); then rm -f "$STATE/run/broker-began"; fi
  return 0
}

# down [NAME…] [--wipe | --wipe-broker]
command_down() {
  local wipe=0 wipe_broker=0 names=() failed=0 name all
  for name in "$@"; do
    case $name in
      --wipe) wipe=1 ;;
      --wipe-broker) wipe_broker=1 ;;
      -*) die 64 "không có tùy chọn / unknown option $name" ;;
      *) names+=("$name") ;;
    esac
  done
  if [[ ${#names[@]} -gt 0 ]]; then
    for name in "${names[@]}"; do
      case $name in
        postgres) postgres_down || failed=1 ;;
        broker | kafka | development-broker) broker_down || failed=1 ;;
        *) stop_process "$name" || failed=1 ;;
      esac
    done
    return $failed
  fi
  # Whatever instances run, also of an earlier number of them; the last started first.
  mapfile -t all < <(cd "$STATE/run" && ls -- *.pid 2>/dev/null | sed 's/\.pid$//')
  local service
  for ((i = ${#SERVICES[@]} - 1; i >= 0; i--)); do
    service=${SERVICES[i]}
    for name in "${all[@]}"; do
      [[ $name == "$service" || $name =~ ^$service-[0-9]+$ ]] || continue
      stop_process "$name" || failed=1
    done
  done
  broker_down || failed=1
  postgres_down || failed=1
  if ((wipe)); then
    postgres_wipe
    broker_wipe
    rm -rf "$STATE/keys" "$STATE/indexes" "$STATE/demo" "$STATE/had-data" "$STATE/log"
    find "$STATE/run" -mindepth 1 ! -name 'lock*' -delete
  elif ((wipe_broker)); then
    broker_wipe
  fi
  return $failed
}
