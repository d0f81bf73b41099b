/** The modules of Node that came later than the others, and the flags that bring them to programs of earlier dates. */
const NODE_FLAGS: ReadonlyArray<readonly [date: string, flag: string, modules: string]> = [
  ["2024-09-23", "nodejs_zlib", "zlib"],
  ["2025-08-15", "enable_nodejs_http_modules", "http https"],
  ["2025-09-01", "enable_nodejs_http_server_modules", "http https"],
  ["2025-09-01", "enable_nodejs_http2_module", "http2"],
  ["2025-09-15", "enable_nodejs_fs_module", "fs fs/promises"],
  ["2025-09-15", "enable_nodejs_os_module", "os"],
  ["2025-09-21", "enable_nodejs_console_module", "console"],
  ["2025-10-01", "enable_nodejs_vm_module", "vm"],
  ["2025-12-04", "enable_nodejs_cluster_module", "cluster"],
  ["2025-12-04", "enable_nodejs_domain_module", "domain"],
  ["2025-12-04", "enable_nodejs_punycode_module", "punycode"],
  ["2025-12-04", "enable_nodejs_trace_events_module", "trace_events"],
  ["2025-12-04", "enable_nodejs_wasi_module", "wasi"],
  ["2026-01-29", "enable_nodejs_dgram_module", "dgram"],
  ["2026-01-29", "enable_nodejs_inspector_module", "inspector inspector/promises"],
  ["2026-01-29", "enable_nodejs_sqlite_module", "sqlite"],
  ["2026-03-17", "enable_nodejs_child_process_module", "child_process"],
  ["2026-03-17", "enable_nodejs_perf_hooks_module", "perf_hooks"],
  ["2026-03-17", "enable_nodejs_readline_module", "readline readline/promises"],
  ["2026-03-17", "enable_nodejs_repl_module", "repl"],
  ["2026-03-17", "enable_nodejs_tty_module", "tty"],
  ["2026-03-17", "enable_nodejs_v8_module", "v8"],
  ["2026-03-17", "enable_nodejs_worker_threads_module", "worker_threads"]
]

/** The flag against another one. */
const opposite = (flag: string): string =>
  flag.startsWith("enable_") ? flag.replace("enable_", "disable_") : `no_${flag}`

/**
 * The flags for the modules of Node that a program imports and that came after its date. Wrangler replaces these modules by its
 * own there.
 *
 * @param imports the platform's modules that it imports.
 * @param written the flags that it has.
 */
export const flagsForModules = (
  date: string,
  imports: ReadonlyArray<string>,
  written: ReadonlyArray<string>
): ReadonlyArray<string> =>
  NODE_FLAGS.filter(
    ([since, flag, modules]) =>
      date < since &&
      modules.split(" ").some((it) => imports.includes(`node:${it}`)) &&
      !written.includes(flag) &&
      !written.includes(opposite(flag))
  ).map(([, flag]) => flag)
