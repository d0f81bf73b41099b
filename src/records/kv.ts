import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { InvalidCursor, type Listing, type Page, Records, RecordsUnavailable } from "./Records.ts"
import { type Kind, keyOf, type Named, renamed, type Rows, ROWS, TTL_SECONDS } from "./rows.ts"

/** The time limit of each call, because no request may wait long for records. */
const KV_TIMEOUT = "5 seconds"

/** The most bytes of a text in a key's metadata, because KV takes 1,024 bytes of metadata in all. */
const MAX_TEXT_BYTES = 300

/** Part of the message of an error of KV's binding, if KV refuses the arguments. */
const BAD_REQUEST = "failed: 400"

/** The key under which the deployment of a site is found. */
export const siteKey = (host: string): string => `site:${host}`

/** The host name of a site's URL. */
export const hostOf = (url: string): string => new URL(url).hostname

/** Cuts a text to at most 300 bytes of JSON. */
const cut = (text: string): string => {
  const size = (length: number) => Buffer.byteLength(JSON.stringify(text.slice(0, length)))
  if (size(text.length) <= MAX_TEXT_BYTES) return text
  let length = Math.min(text.length, MAX_TEXT_BYTES)
  while (size(length) > MAX_TEXT_BYTES) length = Math.floor(length * 0.9)
  return `${text.slice(0, length)}…`
}

/** Returns the row with texts that fit in the metadata of a key. */
export const shortened = <A extends object>(row: A): A =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === "string" ? cut(value) : value])
  ) as A

const decoderOf = <K extends Kind>(kind: K) => {
  const decode = Schema.decodeUnknownOption(ROWS[kind] as unknown as Schema.Codec<Rows[K], unknown>)
  return (row: unknown) => decode(renamed(row))
}

/** Keeps the records in Workers KV: one key for each row, which a list shows from the keys' metadata. */
export const layerRecordsKv = (kv: KVNamespace | undefined) => {
  const attempt = <A>(operation: string, run: (kv: KVNamespace) => Promise<A>) =>
    Effect.tryPromise({
      try: async () => {
        if (kv === undefined) throw new Error("the binding EXPIRY is missing")
        return run(kv)
      },
      catch: (cause) => new RecordsUnavailable({ message: `KV ${operation}: ${String(cause).slice(0, 300)}` })
    }).pipe(
      Effect.timeoutOrElse({
        duration: KV_TIMEOUT,
        orElse: () => Effect.fail(new RecordsUnavailable({ message: `KV ${operation}: no answer in ${KV_TIMEOUT}` }))
      })
    )

  const put = Effect.fn("Records.put")(function* <K extends Kind>(kind: K, row: Rows[K]) {
    const expirationTtl = TTL_SECONDS[kind](row, yield* Clock.currentTimeMillis)
    const write = (key: string, value: string, metadata: unknown) =>
      attempt("put", (kv) => kv.put(key, value, { expirationTtl, metadata }))
    yield* write(keyOf(kind, row), JSON.stringify(row), shortened(row))
    if ("url" in row) yield* write(siteKey(hostOf(row.url)), row.deployment_id, null)
  })

  const list = Effect.fn("Records.list")(function* <K extends Kind>(kind: K, { prefix = "", cursor, limit }: Listing) {
    const found = yield* attempt("list", (kv) =>
      kv.list({ prefix: `${kind}:${prefix}`, limit, ...(cursor !== undefined && { cursor }) })
    ).pipe(
      // Everything else in this call is the gateway's own, so KV refuses the cursor.
      Effect.mapError((error) =>
        cursor !== undefined && error.message.includes(BAD_REQUEST)
          ? new InvalidCursor({ message: error.message })
          : error
      )
    )
    const decode = decoderOf(kind)
    const rows = found.keys.flatMap(({ metadata }) => Option.toArray(decode(metadata)))
    return { rows, cursor: found.list_complete ? null : found.cursor } satisfies Page<Rows[K]>
  })

  const get = Effect.fn("Records.get")(function* <K extends Kind>(kind: K, row: Named[K]) {
    const value = yield* attempt("get", (kv) => kv.get<unknown>(keyOf(kind, row), "json"))
    return decoderOf(kind)(value)
  })

  return Layer.succeed(Records, {
    put,
    list,
    get,
    remove: Effect.fn("Records.remove")(<K extends Kind>(kind: K, row: Named[K]) =>
      attempt("delete", (kv) => kv.delete(keyOf(kind, row)))
    ),
    findSite: Effect.fn("Records.findSite")((host: string) =>
      Effect.map(
        attempt("get", (kv) => kv.get(siteKey(host))),
        Option.fromNullOr
      )
    )
  })
}
