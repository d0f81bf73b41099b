import { own } from "../../project/jsonc.ts"
import { flagsForModules } from "./node-flags.ts"
import { quoted, type Report } from "../Report.ts"
import { textsAt } from "../values.ts"

/** The date of a project that names none. */
export const DEFAULT_COMPATIBILITY_DATE = "2026-07-01"

/** The newest date that the runtime of this repository knows. A test compares it with workerd's. */
export const LATEST_COMPATIBILITY_DATE = "2026-10-23"

/** Since then Node's modules are always there, and the runtime refuses the flag that asks for them. */
export const NODE_BY_DEFAULT = "2026-08-04"

/** The newest date with which the runtime takes the flag `nodejs_compat`. */
const LATEST_WITH_NODE_FLAG = "2026-08-03"

/** The changes of later dates to a Worker: since when, the flag that asks for it before, and the flag against it. */
const LATER_CHANGES = [
  ["2026-09-15", "spec_compliant_dispatch_exceptions", "no_spec_compliant_dispatch_exceptions"],
  ["2026-10-01", "durable_object_io_tasks_prevent_eviction", "durable_object_io_tasks_do_not_prevent_eviction"]
] as const

/** Flags that the platform gives nobody: it calls them experimental. */
const EXPERIMENTAL: ReadonlySet<string> = new Set(
  (
    "allow_insecure_inefficient_logged_eval cache_reload_enabled connect_pass_through d1_binding_jsrpc " +
    "durable_object_get_existing durable_object_rename enable_abortsignal_rpc enable_ctx_version_metadata " +
    "enable_d1_with_sessions_api enable_nodejs_inspector_local_dev enable_version_api enable_web_file_system experimental " +
    "expose_draining_reader increase_websocket_message_size js_rpc kv_direct_binding memory_cache_delete precise_timers " +
    "python_workers_development python_workers_durable_objects replica_routing rtti_api service_binding_extra_handlers " +
    "spec_compliant_property_attributes streaming_tail_worker streams_no_default_auto_allocate_chunk_size " +
    "tail_worker_user_spans typescript_implemented_streams typescript_strip_types unsafe_module " +
    "unsupported_process_actual_platform wasm_memory_discard webgpu workflows_bindings_rpc workflows_step_rollback"
  ).split(" ")
)

const isDate = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.slice(0, 10) === text

/** Reads `compatibility_date`. @param now milliseconds since 1970. */
export const readDate = (report: Report, now: number): string => {
  const value = own(report.value, "compatibility_date")
  if (value === undefined || value === null) return DEFAULT_COMPATIBILITY_DATE
  const path = ["compatibility_date"]
  if (typeof value !== "string") report.refuseType(path, 'a string such as "2026-07-01"')
  else if (!isDate(value)) report.refuse(path, `${quoted(value)} is no date`, 'Write it as in "2026-07-01".')
  else if (value > LATEST_COMPATIBILITY_DATE) {
    const isFuture = Date.parse(value) > now
    const text = `The compatibility date ${value} is ${isFuture ? "in the future" : "newer than the runtime here"}`
    report.refuse(path, text, `Use ${LATEST_COMPATIBILITY_DATE} or an earlier date.`)
  } else return value
  return DEFAULT_COMPATIBILITY_DATE
}

/** Reads `compatibility_flags`; `undefined` where there are none. */
export const readFlags = (report: Report): ReadonlyArray<string> | undefined => {
  const key = "compatibility_flags"
  const flags = textsAt(report, report.value, [], key)
  for (const [index, flag] of flags.slice(0, 100).entries())
    if (EXPERIMENTAL.has(flag))
      report.refuse(
        [key, index],
        `The flag ${quoted(flag)} is experimental, and only Cloudflare can use it`,
        "Remove it."
      )
  if (flags.length > 100) report.refuse([key], `${flags.length} flags are too many`, "At most 100 are allowed.")
  return own(report.value, key) === undefined ? undefined : flags
}

const isNode = (flag: string): boolean => flag === "nodejs_compat" || flag === "nodejs_compat_v2"

/**
 * Date and flags of a program with Durable Objects. The host takes these only with the flag `nodejs_compat`, which the runtime
 * refuses with newer dates. Then the program runs with an earlier date, and with a flag for each later change.
 *
 * @param written the flags that are written.
 */
export const withNodeFlag = (
  report: Report,
  date: string,
  written: ReadonlyArray<string> = []
): { readonly compatibilityDate: string; readonly compatibilityFlags: ReadonlyArray<string> } => {
  const against = written.indexOf("no_nodejs_compat")
  if (against >= 0)
    report.refuse(
      ["compatibility_flags", against],
      "The host takes Durable Objects only with nodejs_compat",
      "Remove it."
    )
  if (date < NODE_BY_DEFAULT)
    return {
      compatibilityDate: date,
      compatibilityFlags: written.includes("nodejs_compat") ? written : ["nodejs_compat", ...written]
    }
  report.warn(
    ["compatibility_date"],
    `The date ${LATEST_WITH_NODE_FLAG} is used, with a flag for each later change: the host takes Durable Objects only with the ` +
      "flag nodejs_compat, which later dates do not know",
    "The program runs as with its own date."
  )
  const changes = LATER_CHANGES.filter(([since]) => since <= date)
  const own = written.filter((flag) => !isNode(flag) && !changes.some(([, , not]) => not === flag))
  const added = changes.flatMap(([, flag, not]) => (written.includes(not) ? [] : [flag]))
  return { compatibilityDate: LATEST_WITH_NODE_FLAG, compatibilityFlags: ["nodejs_compat", ...own, ...added] }
}

/**
 * The flags that a program runs with: those that are written, and Node's modules and globals, unless a configuration lists
 * flags without them and no code imports them. Modules of Node that came after the date are there too.
 *
 * @param imports the platform's modules that the bundle imports.
 */
export const flagsFor = (
  date: string,
  written: ReadonlyArray<string> | undefined,
  imports: ReadonlyArray<string>
): ReadonlyArray<string> => {
  const flags = [...new Set(written ?? [])]
  if (date >= NODE_BY_DEFAULT) return flags.filter((flag) => !isNode(flag))
  const importsNode = imports.some((path) => path.startsWith("node:"))
  const wantsNode = (written === undefined || importsNode) && !flags.includes("no_nodejs_compat")
  if (!wantsNode && !flags.some(isNode)) return flags
  return [...(flags.some(isNode) ? [] : ["nodejs_compat"]), ...flags, ...flagsForModules(date, imports, flags)]
}
