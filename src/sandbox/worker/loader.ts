import { type Names, harnessModules } from "../isolate/names.ts"

/** A module in the form of the Worker Loader. A bare string is an ES module, and its name then ends in `.js`. */
export type WorkerModule =
  | string
  | { readonly js: string }
  | { readonly cjs: string }
  | { readonly text: string }
  | { readonly json: unknown }
  | { readonly data: ArrayBuffer }
  | { readonly wasm: ArrayBuffer }

/** Code for the Worker Loader: modules by name, the name of the main one, and the compatibility settings of its runtime. */
export interface WorkerCode {
  readonly mainModule: string
  readonly modules: Readonly<Record<string, WorkerModule>>
  readonly compatibilityDate: string
  readonly compatibilityFlags: ReadonlyArray<string>
  /** The module that the host starts in place of the main one, which it imports; none by default. */
  readonly hostMain?: string
  /** The module that runs before the main one; none by default. */
  readonly prelude?: string
  /** Its variables, as `env`; empty by default. */
  readonly env?: Readonly<Record<string, string>>
}

/** The part of Cloudflare's Worker Loader binding ("Dynamic Workers") that the gateway uses. */
export interface WorkerLoader {
  get(
    id: string | null,
    code: () => Promise<IsolatedWorkerCode>
  ): { getEntrypoint(name?: string): { fetch(request: Request): Promise<Response> } }
}

interface IsolatedWorkerCode extends Omit<WorkerCode, "hostMain" | "prelude"> {
  /** `null` forbids every outbound request. Without this field the loaded Worker would have the gateway's whole network. */
  readonly globalOutbound: null
  /** Milliseconds of CPU that one request may take. The platform enforces this limit; workerd alone does not. */
  readonly limits?: { readonly cpuMs: number }
}

/** A request to a loaded Worker. */
export interface WorkerRequest {
  readonly signal: AbortSignal
  /** The body of a POST. Without it the request is a GET. */
  readonly body?: string
  readonly path?: string
  /** The entrypoint's name; without it, the default entrypoint. */
  readonly entrypoint?: string
}

/** A loaded Worker in an isolate of its own, which no other load shares. */
export interface LoadedWorker {
  /** Sends a request. Rejects with the runtime's error if the code does not start, hangs or exceeds its limits. */
  readonly send: (request: WorkerRequest) => Promise<Response>
}

/**
 * Loads code, with no network, in an isolate of its own: either as it is, or beside a module of the gateway that imports it and
 * answers for it. The isolate has no name, so no two loads share one, and no payer and no purchase finds the data of another.
 * The isolate ends after its last request; a named one would stay (4 MB for each check, on a laptop).
 *
 * @param harness makes the source of the gateway's main module from its modules' names; undefined starts the code's own main
 * module.
 */
export const load = (
  loader: WorkerLoader,
  code: WorkerCode,
  harness: ((names: Names) => string) | undefined,
  limits?: { readonly cpuMs: number }
): LoadedWorker => {
  const { hostMain: _hostMain, prelude, ...isolated } = code
  const id = crypto.randomUUID()
  const ours = harness === undefined ? undefined : harnessModules(id, { author: code.mainModule, prelude }, harness)
  const worker = loader.get(null, async () => ({
    ...isolated,
    ...(ours !== undefined && { mainModule: ours.main, modules: { ...code.modules, ...ours.modules } }),
    env: code.env ?? {},
    globalOutbound: null,
    ...(limits !== undefined && { limits })
  }))
  return {
    send: ({ signal, body, path = "", entrypoint }) =>
      worker
        .getEntrypoint(entrypoint)
        .fetch(new Request(`http://code/${path}`, body === undefined ? { signal } : { signal, method: "POST", body }))
  }
}

/** Rejects with `message` if `work` takes longer, and aborts its request. That does not stop code that computes. */
export const withTimeout = async <A>(
  millis: number,
  message: string,
  work: (signal: AbortSignal) => Promise<A>
): Promise<A> => {
  const controller = new AbortController()
  const working = work(controller.signal)
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineExceeded(message)), millis)
  })
  try {
    return await Promise.race([working, late])
  } finally {
    clearTimeout(timer)
    // The race has its result, and the other rejection must not count as unhandled.
    working.catch(() => {})
    controller.abort()
  }
}

/**
 * Reads a body of at most `bytes`; returns `undefined` if it is longer. It is safe against hostile code: the memory it takes
 * does not depend on the size of the pieces, and the deadline also holds for pieces that come so fast that no timer fires in
 * between (`until` in unix milliseconds; rejects with `late`).
 */
export const readUpTo = async (
  bytes: number,
  response: Response,
  until: number,
  late: string
): Promise<string | undefined> => {
  const reader = response.body?.getReader()
  if (reader === undefined) return ""
  let buffer = new Uint8Array(4096)
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return new TextDecoder().decode(buffer.subarray(0, size))
    if (size + value.length > bytes || Date.now() > until) {
      await reader.cancel()
      if (size + value.length > bytes) return undefined
      throw new DeadlineExceeded(late)
    }
    if (size + value.length > buffer.length) {
      const grown = new Uint8Array(Math.max(2 * buffer.length, size + value.length))
      grown.set(buffer.subarray(0, size))
      buffer = grown
    }
    buffer.set(value, size)
    size += value.length
  }
}

/** A deadline passed. */
export class DeadlineExceeded extends Error {
  override readonly name = "TimeoutError"
}
