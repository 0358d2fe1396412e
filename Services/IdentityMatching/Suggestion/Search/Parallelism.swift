import Glibc

/// How many threads a batch is parted over.
enum Parallelism {
    static let width = max(1, min(16, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
}
