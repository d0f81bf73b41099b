import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { SweepCursor } from "./SweepCursor.ts"

const KEY = "sweep-cursor"

/** KV refuses a second write to a key within a second. Without a second try the last place of a fast sweep would be lost. */
const RETRY = { times: 1, schedule: Schedule.spaced("1200 millis") }

/** KV that hangs must not hold the sweep up for long. */
const KV_TIMEOUT = "5 seconds"

/** Keeps the place in Workers KV. A sweep an hour later reads it, and one that reads an older place repeats some work. */
export const layerSweepCursorKv = (kv: KVNamespace | undefined) => {
  const attempt = <A>(run: (kv: KVNamespace) => Promise<A>, orElse: A) =>
    Effect.tryPromise(async () => {
      if (kv === undefined) throw new Error("the binding EXPIRY is missing")
      return run(kv)
    }).pipe(
      Effect.retry(RETRY),
      Effect.timeout(KV_TIMEOUT),
      Effect.catch((error) => Effect.as(Effect.logWarning("KV does not keep the sweep's place", String(error)), orElse))
    )
  return Layer.succeed(SweepCursor, {
    read: Effect.map(
      attempt<string | null>((kv) => kv.get(KEY), null),
      (place) => place ?? ""
    ),
    save: (place) => attempt((kv) => kv.put(KEY, place), undefined)
  })
}
