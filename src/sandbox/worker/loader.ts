import { type Names, ourModules } from "../isolate/names.ts"

/** A module as the Worker Loader takes it; a bare string is an ES module, and its name then ends in `.js`. */
export type Module =
  | string
  | { readonly js: string }
  | { readonly cjs: string }
  | { readonly text: string }
  | { readonly json: unknown }
  | { readonly data: ArrayBuffer }
  | { readonly wasm: ArrayBuffer }

/** Loadable code: modules by name, the one to start with, and what its runtime is to be compatible with. */
export interface Loadable {
  readonly mainModule: string
  readonly modules: Readonly<Record<string, Module>>
  readonly compatibilityDate: string
  readonly compatibilityFlags: ReadonlyArray<string>
  /** Its variables, as `env`; none unless told otherwise. */
  readonly env?: Readonly<Record<string, string>>
}

/** The part of Cloudflare's Worker Loader binding ("Dynamic Workers") that is used here. */
export interface Loader {
  get(
    id: string | null,
    code: () => Promise<LoaderCode>
  ): { getEntrypoint(name?: string): { fetch(request: Request): Promise<Response> } }
}

interface LoaderCode extends Loadable {
  /** `null` forbids every outbound request; left out, the loaded Worker would have this one's whole network. */
  readonly globalOutbound: null
  /** Milliseconds of CPU that one request may take. The platform enforces it; workerd alone does not. */
  readonly limits?: { readonly cpuMs: number }
}

/** A request to a loaded Worker. */
export interface Question {
  readonly signal: AbortSignal
  /** The body of a POST; a GET without one. */
  readonly body?: string
  readonly path?: string
  /** The entrypoint's name; the default one unless told otherwise. */
  readonly entrypoint?: string
}

/** A Worker that was loaded: one isolate, which nobody else has. */
export interface Loaded {
  /** Sends it a request. Rejects with what the runtime says when it does not start, hangs or is over its limits. */
  readonly ask: (question: Question) => Promise<Response>
}

/**
 * Loads code, with no network, in an isolate of its own: by itself as it is, or beside a module of ours that imports it and
 * speaks for it. It has no name: no two loads ever share an isolate, so that no payer and no purchase finds what another one
 * has left, and the isolate ends when nobody asks it any more; one with a name stays (4 MB for each check, on a laptop).
 *
 * @param speaker the text of the module to start with, for the names of ours; undefined to start with the code's own.
 */
export const load = (
  loader: Loader,
  code: Loadable,
  speaker: ((names: Names) => string) | undefined,
  limits?: { readonly cpuMs: number }
): Loaded => {
  const id = crypto.randomUUID()
  const ours = speaker === undefined ? undefined : ourModules(id, code.mainModule, speaker)
  const worker = loader.get(null, async () => ({
    ...code,
    ...(ours !== undefined && { mainModule: ours.main, modules: { ...code.modules, ...ours.modules } }),
    env: code.env ?? {},
    globalOutbound: null,
    ...(limits !== undefined && { limits })
  }))
  return {
    ask: ({ signal, body, path = "", entrypoint }) =>
      worker
        .getEntrypoint(entrypoint)
        .fetch(new Request(`http://code/${path}`, body === undefined ? { signal } : { signal, method: "POST", body }))
  }
}

/** Rejects with `message` when `work` takes longer, and gives its request up. Code that computes is not stopped by that. */
export const within = async <A>(
  millis: number,
  message: string,
  work: (signal: AbortSignal) => Promise<A>
): Promise<A> => {
  const given = new AbortController()
  const working = work(given.signal)
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TooLate(message)), millis)
  })
  try {
    return await Promise.race([working, late])
  } finally {
    clearTimeout(timer)
    // Whichever comes second is nobody's error.
    working.catch(() => {})
    given.abort()
  }
}

/**
 * Reads an answer of at most `bytes`; `undefined` when there is more. Nothing that code does is believed: what is held does
 * not depend on how small its pieces are, and pieces that come so fast that no timer fires in between are late all the same
 * (`until` in unix milliseconds; rejects with `late`).
 */
export const readUpTo = async (
  bytes: number,
  response: Response,
  until: number,
  late: string
): Promise<string | undefined> => {
  const reader = response.body?.getReader()
  if (reader === undefined) return ""
  let held = new Uint8Array(4096)
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return new TextDecoder().decode(held.subarray(0, size))
    if (size + value.length > bytes || Date.now() > until) {
      await reader.cancel()
      if (size + value.length > bytes) return undefined
      throw new TooLate(late)
    }
    if (size + value.length > held.length) {
      const grown = new Uint8Array(Math.max(2 * held.length, size + value.length))
      grown.set(held.subarray(0, size))
      held = grown
    }
    held.set(value, size)
    size += value.length
  }
}

/** The time is up. */
export class TooLate extends Error {
  override readonly name = "TimeoutError"
}
