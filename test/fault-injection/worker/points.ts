import { type Hex, keccak256 } from "viem"
import type { Aim } from "../points/aim.ts"

let aim: Aim | undefined
let reference: string | undefined
const counts = new Map<string, number>()
const passed: Array<string> = []

/** Begins to count the points of one renewal or delete. */
export const takeAim = (next: Aim): void => {
  aim = next
  reference = undefined
  counts.clear()
  passed.length = 0
}

/** The points that were passed since, in their order. */
export const passedPoints = (): ReadonlyArray<string> => passed

/** Whether a deployment is the one that the points are counted for. */
export const isAimedAt = (deployment: string): boolean => aim?.deployment === deployment

/** The payer of the renewal that the points are counted for. */
export const aimedPayer = (): string | undefined => aim?.payer

/** Notes the hash of the renewal's payment, by which its broadcast is known. */
export const notePayment = (hash: string): void => {
  reference = hash
}

/**
 * Passes a point. At the chosen one the process says so and stops for ever, so that the harness kills it exactly there: neither
 * this call nor anything else in the process does another thing. Equal points are numbered, because points of two objects may
 * change places from run to run.
 */
const pass = (name: string): void => {
  if (aim === undefined) return
  const count = (counts.get(name) ?? 0) + 1
  counts.set(name, count)
  const point = `${name} ${count}`
  passed.push(point)
  if (point !== aim.at) return
  console.log(`stopped at ${point}`)
  for (;;);
}

/** Puts a point before and one after a synchronous call. */
export const around = <A>(name: string, call: () => A): A => {
  pass(`before ${name}`)
  const value = call()
  pass(`after ${name}`)
  return value
}

/** Puts a point before and one after a call that is awaited. */
export const aroundAwait = async <A>(name: string, call: () => Promise<A>): Promise<A> => {
  pass(`before ${name}`)
  const value = await call()
  pass(`after ${name}`)
  return value
}

/** The name of a request that counts: the payment's broadcast, and every call of the host about the project. */
const nameOf = (url: URL, method: string, body: unknown): string | undefined => {
  if (typeof body === "string" && body.includes("eth_sendRaw")) {
    const { params } = JSON.parse(body) as { readonly params: readonly [Hex] }
    return keccak256(params[0]) === reference ? "the broadcast" : undefined
  }
  const [, rest] = aim === undefined ? [] : url.pathname.split(`/${aim.project}`)
  return rest === undefined ? undefined : `the host's ${method} project${rest}`
}

const send = globalThis.fetch
globalThis.fetch = (input: RequestInfo | URL, init?: RequestInit<RequestInitCfProperties>) => {
  const url = new URL(input instanceof Request ? input.url : input)
  const name = nameOf(url, init?.method ?? "GET", init?.body)
  return name === undefined ? send(input, init) : aroundAwait(name, () => send(input, init))
}

/** Puts points around each write of the index of live deployments that is about the project. */
export const countIndex = (index: KVNamespace): void => {
  for (const method of ["put", "delete"] as const) {
    const call = index[method].bind(index) as (key: string, ...values: ReadonlyArray<unknown>) => Promise<void>
    const counted = (key: string, ...values: ReadonlyArray<unknown>) =>
      aim !== undefined && key.includes(aim.project)
        ? aroundAwait(`the index's ${method}`, () => call(key, ...values))
        : call(key, ...values)
    Object.defineProperty(index, method, { value: counted })
  }
}

/** Puts points around each write to an object's storage, once `role` says that the object takes part. */
export const countWrites = (storage: DurableObjectStorage, role: () => string | undefined): void => {
  const counted = <A>(name: string, call: () => A): A => {
    const object = role()
    return object === undefined ? call() : around(`the ${object}'s ${name}`, call)
  }
  const { sql } = storage
  const exec = sql.exec.bind(sql)
  Object.defineProperty(sql, "exec", {
    value: (query: string, ...values: ReadonlyArray<SqlStorageValue>) => {
      const write = /^\s*(CREATE|INSERT|DELETE|UPDATE)\b.*?(?:TABLE IF NOT EXISTS|INTO|FROM|UPDATE) (\w+)/.exec(query)
      if (write === null) return exec(query, ...values)
      return counted(`${write[1]} ${write[2]}`, () => exec(query, ...values))
    }
  })
  for (const method of ["setAlarm", "deleteAlarm", "deleteAll"] as const) {
    const call = storage[method].bind(storage) as (...values: ReadonlyArray<unknown>) => Promise<void>
    Object.defineProperty(storage, method, {
      value: (...values: ReadonlyArray<unknown>) => counted(method, () => call(...values))
    })
  }
}
