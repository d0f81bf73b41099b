/** A module as the Worker Loader takes it; a bare string is an ES module, and its name then ends in `.js`. */
export type Module =
  | string
  | { readonly js: string }
  | { readonly cjs: string }
  | { readonly text: string }
  | { readonly json: unknown }
  | { readonly data: ArrayBuffer }
  | { readonly wasm: ArrayBuffer }

/** What can be loaded: modules by name, the one to start with, and what its runtime is to be compatible with. */
export interface Loadable {
  readonly mainModule: string
  readonly modules: Readonly<Record<string, Module>>
  readonly compatibilityDate: string
  readonly compatibilityFlags: ReadonlyArray<string>
}

/** The part of Cloudflare's Worker Loader binding ("Dynamic Workers") that is used here. */
export interface Loader {
  get(id: string, code: () => Promise<LoaderCode>): { getEntrypoint(): { fetch(request: Request): Promise<Response> } }
}

interface LoaderCode extends Loadable {
  readonly env?: Readonly<Record<string, unknown>>
  /** `null` forbids every outbound request; left out, the loaded Worker would have this one's whole network. */
  readonly globalOutbound: null
  /** Milliseconds of CPU that one request may take. The platform enforces it; workerd alone does not. */
  readonly limits?: { readonly cpuMs: number }
}

/** A Worker that was loaded: one isolate, which nobody else has. */
export interface Loaded {
  /** Sends it a request. Rejects with what the runtime says when it does not start, hangs or is over its limits. */
  readonly ask: (path: string, signal: AbortSignal, body?: string) => Promise<Response>
}

/**
 * Loads code beside a module of ours that imports it and speaks for it, with no network and an empty environment. The id is
 * fresh each time: no two loads ever share an isolate, so that no payer and no purchase finds what another one has left.
 */
export const load = (loader: Loader, code: Loadable, harness: string, limits?: { readonly cpuMs: number }): Loaded => {
  const id = crypto.randomUUID()
  const main = `${HARNESS}-${id}.js`
  const worker = loader.get(id, async () => ({
    ...code,
    mainModule: main,
    modules: { ...code.modules, [main]: harness },
    env: {},
    globalOutbound: null,
    ...(limits !== undefined && { limits })
  }))
  return {
    ask: (path, signal, body) =>
      worker
        .getEntrypoint()
        .fetch(new Request(`http://code/${path}`, body === undefined ? { signal } : { signal, method: "POST", body }))
  }
}

/** What our module is called beside the code, so that it can be told in a stack trace. */
export const HARNESS = "mpp-compute-harness"

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
