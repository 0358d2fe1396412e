# The benchmark is a program of its own; it drives a stack in a state folder of its own.

command_bench() {
  install_packages
  run_dir
  build_release
  exec python3 "$CHECKOUT/Tests/System/bench.py" "$@"
}
