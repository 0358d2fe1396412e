# The demonstration: everything from nothing to a passport.

command_demo() {
  local doses=10000 leave=1
  while [[ $# -gt 0 ]]; do
    case $1 in
      --doses)
        doses=${2:-}
        shift
        ;;
      --doses=*) doses=${1#*=} ;;
      --exit) leave=0 ;;
      *) die 64 "demo [--doses N] [--exit]" ;;
    esac
    shift
  done
  [[ $doses =~ ^[1-9][0-9]*$ ]] || die 64 "--doses: một số nguyên dương / a whole number above zero"
  local seed=${TIEMCHUNG_SEED:-2022}
  # A demonstration starts from nothing, so that its figures are those of its stream; data of other use stay untouched.
  if [[ -f $STATE/had-data && ! -f $STATE/demo/mine ]]; then
    die 73 "$STATE đã có dữ liệu khác; hãy chạy 'down --wipe' trước / holds other data: run 'down --wipe' first, or set TIEMCHUNG_LOCAL"
  fi
  [[ ! -f $STATE/demo/mine ]] || with_lock command_down --wipe
  run_dir
  mkdir -p "$STATE/demo"
  touch "$STATE/demo/mine"
  DEMO=1
  with_lock command_up
  tool dose-replay generate --seed "$seed" --doses "$doses" --out "$STATE/demo" >&2
  command_load units "$STATE/demo/units.csv"
  command_load register "$STATE/demo/register.csv"
  command_replay "$STATE/demo/doses.csv" --sign
  demo_passport
  demo_wrong_record
  if ((leave)); then
    say ""
    say "Hệ đang chạy / the stack is running: deploy/local status, deploy/local operator …, deploy/local down"
  else
    with_lock command_down
  fi
}

demo_passport() {
  command_operator export passports --out "$STATE/demo/passports.ndjson" >&2
  rm -rf "$STATE/demo/trust"
  command_operator export trust --out "$STATE/demo/trust" >&2
  printf '\nMột hộ chiếu vắc xin / one passport\n\n'
  command_operator qr --passports "$STATE/demo/passports.ndjson" --trust "$STATE/demo/trust"
}

demo_wrong_record() {
  command_operator export verdicts --out "$STATE/demo/verdicts.csv" >&2
  local wrong
  wrong=$(python3 - "$STATE/demo/verdicts.csv" <<'P'
import csv, sys
for row in csv.DictReader(open(sys.argv[1], newline="", encoding="utf-8")):
    if row["outcome"] == "wrong":
        print(row["facility_code"], row["source_record_id"], sep="\t")
        break
P
  )
  [[ -n $wrong ]] || return 0
  printf '\nMột mũi tiêm xác minh sai / one record that was verified as wrong\n\n'
  command_operator why --facility "${wrong%%$'\t'*}" --record "${wrong#*$'\t'}"
}
