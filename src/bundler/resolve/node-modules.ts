/** Node's own modules that the platform has with `nodejs_compat`. Its runtime knows them only by their `node:` names. */
const NODE_MODULES: ReadonlySet<string> = new Set(
  (
    "assert assert/strict async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel dns " +
    "dns/promises domain events fs fs/promises http http2 https inspector inspector/promises module net os path path/posix " +
    "path/win32 perf_hooks process punycode querystring readline readline/promises repl stream stream/consumers " +
    "stream/promises stream/web string_decoder sys timers timers/promises tls trace_events tty url util util/types v8 vm " +
    "wasi worker_threads zlib"
  ).split(" ")
)

/** Whether a bare import means one of Node's own modules: `crypto` is `node:crypto`. */
export const isNodeModule = (specifier: string): boolean => NODE_MODULES.has(specifier)
