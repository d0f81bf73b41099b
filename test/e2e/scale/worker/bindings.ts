import { env } from "cloudflare:workers"
import { countCall, countIsolate, countKvBytes } from "./Tally.ts"

// Counts what the Worker calls. The entry point imports this first, because `src/layers.ts` reads the bindings when it is loaded.

type Call = (...values: ReadonlyArray<unknown>) => unknown
type Methods = Record<string, Call | undefined>

const define = (target: object, name: string, value: unknown) => Object.defineProperty(target, name, { value })

/** Counts the calls of a stub, on which every name is a method of the other side. */
const counted = <S extends object>(stub: S, kind: string): S =>
  new Proxy(stub, {
    get: (target, name) =>
      typeof name !== "string"
        ? Reflect.get(target, name)
        : (...values: ReadonlyArray<unknown>) =>
            countCall(`${kind} ${name}`, () => (target as unknown as Methods)[name]?.(...values))
  })

// The local stack runs code in another process. On the platform the Worker's own loader does it.
define(env, "RUNNER", undefined)

const sizeOf = (value: unknown) => Buffer.byteLength(typeof value === "string" ? value : JSON.stringify(value ?? ""))
for (const method of ["get", "getWithMetadata", "put", "delete", "list"] as const) {
  const call = env.EXPIRY[method].bind(env.EXPIRY) as Call
  define(env.EXPIRY, method, (...values: ReadonlyArray<unknown>) => {
    const [key, value, options] = values as [string, unknown, { readonly metadata?: unknown } | undefined]
    if (method === "put") countKvBytes(key, sizeOf(key) + sizeOf(value) + sizeOf(options?.metadata))
    return countCall(`kv ${method}`, () => call(...values))
  })
}

const getter = (namespace: unknown): ((id: DurableObjectId) => object) => {
  const typed = namespace as { readonly get: (id: DurableObjectId) => object }
  return typed.get.bind(typed)
}

/** Gets an object by its id, without counting its calls. */
export const uncounted = { ORDERS: getter(env.ORDERS), PAYERS: getter(env.PAYERS) }

define(env.ORDERS, "get", (id: DurableObjectId) => counted(uncounted.ORDERS(id), "order"))
define(env.PAYERS, "get", (id: DurableObjectId) => counted(uncounted.PAYERS(id), "payer"))

interface Loader {
  readonly get: (id: string | null, code: () => unknown) => { readonly getEntrypoint: (name?: string) => object }
}

const { LOADER: loader } = env as unknown as { readonly LOADER: Loader }
const load = loader.get.bind(loader)
define(loader, "get", (id: string | null, code: () => unknown) => {
  const worker = load(id, () => {
    countIsolate()
    return code()
  })
  return { getEntrypoint: (name?: string) => counted(worker.getEntrypoint(name), "isolate") }
})

const { TEMPO_RPC_URL, CONTROL_PLANE_URL } = env as unknown as Readonly<Record<string, string>>

/** Names a request: by the method of JSON-RPC for the chain, if it asks one question; by the path without its ids for the host. */
const nameOf = (url: URL, method: string, body: unknown): string => {
  if (url.href.startsWith(`${TEMPO_RPC_URL}`)) {
    const asked = JSON.parse(String(body)) as { readonly method: string } | ReadonlyArray<unknown>
    return `chain ${"method" in asked ? asked.method : "several questions"}`
  }
  if (url.href.startsWith(`${CONTROL_PLANE_URL}`))
    return `host ${method} ${url.pathname.replace(/\/(projects|by-slug)\/(?!by-slug)[^/]+/g, "/$1/*")}`
  return `site ${method}`
}

const send = globalThis.fetch
globalThis.fetch = (input: RequestInfo | URL, init?: RequestInit<RequestInitCfProperties>) => {
  const url = new URL(input instanceof Request ? input.url : input)
  const method = init?.method ?? (input instanceof Request ? input.method : "GET")
  return countCall(nameOf(url, method, init?.body), () => send(input, init))
}
