import { setTimeout as sleep } from "node:timers/promises"
import type { Seen } from "./worker/Tally.ts"

/** An object of the counted Worker. */
export interface ObjectRef {
  readonly namespace: "ORDERS" | "PAYERS"
  readonly id: string
}

/** The Worker's counted work, and the id of the object with the operator's switches. */
export interface Counted extends Seen {
  readonly operator: string
}

/** The Worker is at rest when nothing changes for this long, in milliseconds. */
const QUIET_MS = 120

/** The objects that were called. */
export const objectsOf = ({ invocations }: Counted): ReadonlyArray<ObjectRef> => {
  const namespaces = new Map<string, ObjectRef["namespace"]>()
  for (const { name, object } of invocations)
    if (object !== undefined) namespaces.set(object, name.startsWith("Order") ? "ORDERS" : "PAYERS")
  return [...namespaces].map(([id, namespace]) => ({ id, namespace }))
}

/** Controls the counted Worker, `worker/worker.ts`. */
export const makeCounter = (gateway: string) => {
  const control = async (path: string): Promise<unknown> => {
    const response = await fetch(`${gateway}/counting/${path}`)
    if (response.status !== 200) throw new Error(`${path} answers ${response.status}: ${await response.text()}`)
    return response.json()
  }
  const about = (what: string) => (object: ObjectRef) =>
    control(`${what}?namespace=${object.namespace}&id=${object.id}`)

  /** Waits until the Worker is at rest, and so until work is done that goes on after an answer. */
  const rest = async (): Promise<Counted> => {
    let before = ""
    for (const end = Date.now() + 20_000; Date.now() < end; await sleep(QUIET_MS)) {
      const seen = (await control("seen")) as Counted
      const text = JSON.stringify(seen)
      if (!seen.busy && text === before) return seen
      before = text
    }
    throw new Error(`the Worker does not come to rest: ${before}`)
  }

  return {
    /** Does work, and returns what the Worker has done for it. The Worker is at rest before and afterwards. */
    count: async (work: () => Promise<unknown>): Promise<Counted> => {
      await control("forget")
      await work()
      return rest()
    },
    /** Turns the Worker's clock forward. */
    turn: (millis: number) => control(`turn?millis=${millis}`),
    /** Lets the alarm of an object ring. */
    ring: about("ring"),
    /** The size of an object's database, in bytes. */
    sizeOf: (object: ObjectRef) => about("size")(object) as Promise<number>,
    /** Removes objects from memory, as the platform does when nobody calls them. */
    evict: async (objects: ReadonlyArray<ObjectRef>): Promise<void> => {
      for (const object of objects) await about("evict")(object)
    }
  }
}

/** Controls the counted Worker. */
export type Counter = ReturnType<typeof makeCounter>
