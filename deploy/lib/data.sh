# Reference data, replays, and the operator's view of this stack.

# The executables that look from outside find the stack through the environment.
tool() {
  local name=$1 services='' instance program
  shift
  program=$(binary "$name")
  for instance in $(instances); do services+="${services:+,}$instance=http://127.0.0.1:$(port_of "$instance" 0)"; done
  env TIEMCHUNG_PATIENCE="${TIEMCHUNG_PATIENCE:-0}" TIEMCHUNG_SERVICES="$services" DEVELOPMENT_MODE=true DEVELOPMENT_ISSUER_DIR="$STATE/keys" "$program" "$@"
}

command_operator() { tool operator "$@"; }

command_load() {
  [[ $# -ge 2 && ($1 == units || $1 == register) ]] || die 64 "load units F | load register F [--allow-shrink]"
  [[ -r $2 ]] || die 66 "không đọc được tệp / cannot read $2"
  need_stack
  command_operator load "$@" >&2
  mark_data
}

# The stack holds data now; a demonstration may wipe its own, and nobody else's.
mark_data() {
  touch "$STATE/had-data"
  [[ -n ${DEMO:-} ]] || rm -f "$STATE/demo/mine"
}

# Starts what is missing; afterwards the broker's address is known.
need_stack() {
  local service
  run_dir
  for service in "${SERVICES[@]}"; do
    is_running "$service" && continue
    with_lock command_up
    break
  done
  recall_broker
  [[ $BROKER != embedded || ! -s $STATE/run/bootstrap ]] || BOOTSTRAP=$(<"$STATE/run/bootstrap")
}

command_status() { tool operator status "$@"; }

# What a phase of a replay took, for the summary.
now() { date +%s.%N; }
since() { python3 -c 'import sys; print(round(float(sys.argv[2]) - float(sys.argv[1]), 3))' "$1" "$(now)"; }

# replay_stream FILE RATE RESUME: sends the stream and waits until nothing is in flight.
replay_stream() {
  local file=$1 rate=$2 resume=$3 arguments=()
  [[ -z $rate ]] || arguments+=(--rate "$rate")
  [[ -z $resume ]] || arguments+=(--resume "$resume")
  [[ $BROKER != embedded ]] || arguments+=(--embedded)
  broker_address
  tool dose-replay replay "$file" "${ADDRESS[@]}" --timeout "$REST_TIMEOUT" "${arguments[@]}" \
    --summary "$REPLAY_FILES/replay.json"
  after_broker
}

# ADDRESS: how a tool finds the broker. The embedded one has another address after a start: it stands in a file.
broker_address() {
  ADDRESS=(--bootstrap "$BOOTSTRAP")
  [[ $BROKER != embedded ]] || ADDRESS+=(--bootstrap-file "$STATE/run/bootstrap")
}

# A broker that began anew under us had nothing of what was on the way: the announcement of the services is waited for,
# and what comes of it.
after_broker() {
  while [[ $BROKER == embedded && -f $STATE/run/broker-began ]]; do
    with_lock command_up
    broker_address
    tool dose-replay settle "${ADDRESS[@]}" --timeout "$REST_TIMEOUT"
  done
}

# wait_for_rest: no message unread, no outbox row left, in any service.
wait_for_rest() {
  broker_address
  tool dose-replay settle "${ADDRESS[@]}" --timeout "$REST_TIMEOUT" || return
  after_broker
}

# persist COMMAND…: again while it fails, within a bound: a service may just be starting again.
persist() {
  local deadline=$((SECONDS + PATIENCE)) status
  while :; do
    status=0
    "$@" || status=$?
    ((status == 0)) && return 0
    # Wrong arguments and rights do not mend themselves.
    ((status != 64 && status != 77 && SECONDS < deadline)) || return "$status"
    say "thử lại / trying again: $1 $2 (status $status)"
    sleep 1
  done
}

# Keys of demo heads for all facilities on the list of units, made and registered where the list has changed.
demo_heads() {
  local units=$STATE/run/units.csv
  persist command_operator export units --out "$units.new"
  if ! cmp -s "$units.new" "$units" || [[ ! -s $STATE/keys/demo-heads/trust.pem ]]; then
    mv "$units.new" "$units.csv"
    persist tool signing-agent demo-authority --directory "$STATE/keys/demo-heads" --units "$units.csv" \
      --service "http://127.0.0.1:$(port_of signing 0)" --issuer "$STATE/keys" >&2
    mv "$units.csv" "$units"
  fi
  rm -f "$units.new"
}

# Demo heads of facilities sign what may be signed, then the day is closed.
sign_and_close() {
  local begun
  begun=$(now)
  demo_heads
  persist tool signing-agent sign-all --service "http://127.0.0.1:$(port_of signing 0)" \
    --directory "$STATE/keys/demo-heads" --issuer "$STATE/keys" >&2
  persist wait_for_rest
  SIGN_SECONDS=$(since "$begun")
  begun=$(now)
  persist command_operator close-day >&2
  persist wait_for_rest
  CLOSE_SECONDS=$(since "$begun")
}

command_replay() {
  local file='' rate='' resume='' sign=0 json=0
  while [[ $# -gt 0 ]]; do
    case $1 in
      --rate)
        rate=${2:-}
        shift
        ;;
      --rate=*) rate=${1#*=} ;;
      --resume)
        resume=${2:-}
        shift
        ;;
      --resume=*) resume=${1#*=} ;;
      --sign) sign=1 ;;
      --json) json=1 ;;
      -*) die 64 "không có tùy chọn / unknown option $1" ;;
      *) file=$1 ;;
    esac
    shift
  done
  [[ -n $file ]] || die 64 "replay F [--rate R] [--resume STATE] [--sign] [--json]"
  [[ -r $file ]] || die 66 "không đọc được tệp / cannot read $file"
  [[ -z $rate || $rate =~ ^[1-9][0-9]*$ ]] || die 64 "--rate: số dòng mỗi giây / rows per second"
  need_stack
  local begun
  mark_data
  REPLAY_FILES=$(mktemp -d "$STATE/run/replay-XXXXXX")
  begun=$(now)
  # From here on services may be stopped and started again under us.
  export TIEMCHUNG_PATIENCE=${TIEMCHUNG_PATIENCE:-$PATIENCE}
  command_operator summary --before "$REPLAY_FILES/before.json"
  replay_stream "$file" "$rate" "$resume"
  REPLAY_SECONDS=$(since "$begun")
  SIGN_SECONDS='' CLOSE_SECONDS=''
  ((sign)) && sign_and_close
  print_summary "$json" "$(since "$begun")"
}

# print_summary JSON SECONDS
print_summary() {
  local arguments=(--since "$REPLAY_FILES/before.json" --replay "$REPLAY_FILES/replay.json" --seconds "$2")
  local phases=replay=$REPLAY_SECONDS
  [[ -z $SIGN_SECONDS ]] || phases+=,sign=$SIGN_SECONDS,close_day=$CLOSE_SECONDS
  arguments+=(--phase "$phases")
  (($1)) && arguments+=(--json)
  command_operator summary "${arguments[@]}"
  rm -rf "$REPLAY_FILES"
}

# addresses: one JSON line, for programs that look at the stack from outside.
command_addresses() {
  local services='' operations='' service
  for service in "${SERVICES[@]}"; do
    services+="${services:+,}\"$service\":\"http://127.0.0.1:$(port_of "$service" 0)\""
    operations+="${operations:+,}\"$service\":\"http://127.0.0.1:$(port_of "$service" 1000)\""
  done
  recall_broker
  [[ $BROKER != embedded || ! -s $STATE/run/bootstrap ]] || BOOTSTRAP=$(<"$STATE/run/bootstrap")
  [[ -n $GIVEN_DATABASE_URL ]] || pg_place
  printf '{"database_admin":"%s","broker":"%s","services":{%s},"operations":{%s}}\n' \
    "$(database_admin_url)" "$BOOTSTRAP" "$services" "$operations"
}
