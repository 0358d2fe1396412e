# Debian packages that building and running need; installed only where one is missing.

PACKAGES=(
  librdkafka-dev libpq-dev libssl-dev libmicrohttpd-dev libprotobuf-c-dev protobuf-c-compiler protobuf-compiler
  libqrencode-dev zlib1g-dev pkg-config postgresql-15 libjemalloc2 python3 python3-venv ca-certificates procps util-linux
)

missing_packages() {
  local package
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) == ii* ]] || printf '%s\n' "$package"
  done
}

install_packages() {
  [[ -z $PREBUILT ]] || return 0
  local missing
  mapfile -t missing < <(missing_packages "${PACKAGES[@]}")
  [[ ${#missing[@]} -gt 0 ]] || return 0
  command -v apt-get >/dev/null || die 69 "thiếu các gói / packages are missing: ${missing[*]}"
  local sudo=()
  if [[ $EUID -ne 0 ]]; then
    command -v sudo >/dev/null || die 69 "cần quyền root để cài / needs root to install: ${missing[*]}"
    sudo=(sudo)
  fi
  say "cài đặt / installing: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # Debian would start a cluster of its own, which nobody here uses.
  if [[ " ${missing[*]} " == *" postgresql-15 "* && ! -e /etc/postgresql-common/createcluster.conf ]]; then
    "${sudo[@]}" mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' | "${sudo[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  {
    "${sudo[@]}" apt-get update -qq && "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
  } >"$STATE/log/apt.log" 2>&1 </dev/null || {
    tail -n 20 "$STATE/log/apt.log" >&2
    die 69 "không cài được các gói / packages could not be installed ($STATE/log/apt.log)"
  }
}
