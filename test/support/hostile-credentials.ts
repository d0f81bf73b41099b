import { Credential } from "mppx"
import { concat, fromRlp, type Hex, toRlp } from "viem"

type Item = Hex | ReadonlyArray<Item>
type Wire = Readonly<Record<string, unknown>> & { readonly challenge: Readonly<Record<string, unknown>> }

const base64url = (text: string) => Buffer.from(text).toString("base64url")
/** The content of a credential. */
export const jsonOf = (credential: string) =>
  JSON.parse(Buffer.from(credential.slice("Payment ".length), "base64url").toString()) as Wire
const written = (value: unknown) => `Payment ${base64url(typeof value === "string" ? value : JSON.stringify(value))}`

/** Replaces the text of a credential before any library reads it. */
const changed = (changes: object) => (good: string) => written({ ...jsonOf(good), ...changes })
/** A credential whose challenge has other fields. */
export const challenged = (changes: object) => (good: string) => {
  const wire = jsonOf(good)
  return written({ ...wire, challenge: { ...wire.challenge, ...changes } })
}
const requested = (json: string) => challenged({ request: base64url(json) })
/** A credential with another payload. */
export const signed = (signature: string) => changed({ payload: { type: "transaction", signature } })

const fieldsOf = (good: string): ReadonlyArray<Item> => {
  const { payload } = Credential.deserialize<{ signature: Hex }>(good)
  return fromRlp(`0x${payload.signature.slice(4)}`, "hex") as ReadonlyArray<Item>
}
/** Replaces the transaction's RLP in one place. */
const fielded = (index: number, item: Item) => (good: string) =>
  signed(concat(["0x76", toRlp(fieldsOf(good).with(index, item) as Hex[])]))(good)
/** A credential whose transaction has another signature. */
export const enveloped = (signature: string) => (good: string) => fielded(13, `0x${signature}`)(good)
/** Adds an access key's authorization to the transaction. Its last part is a signature. */
const authorizing =
  (signature: string, fields: ReadonlyArray<Item> = []) =>
  (good: string) => {
    const authorization: Item = [["0x0539", "0x", `0x${"33".repeat(20)}`, "0x", ...fields], `0x${signature}`]
    return signed(concat(["0x76", toRlp(fieldsOf(good).toSpliced(-1, 0, authorization) as Hex[])]))(good)
  }

/** Makes a list with this many items. */
export const many = <A>(count: number, make: (index: number) => A): ReadonlyArray<A> =>
  Array.from({ length: count }, (_, i) => make(i))
const nest = (depth: number): Item => many(depth, () => 0).reduce<Item>((inner) => [inner], [])
const object = (count: number, value: string) => `{${many(count, (i) => `"k${(i * 7919) % 2503}":${value}`).join(",")}}`
/** An arbitrary address. */
export const address: Hex = `0x${"11".repeat(20)}`
const secp256k1 = `${"22".repeat(64)}1b`
/** Makes a passkey's signature with this many bytes of filler before the client's data ends, in digits. */
export const webAuthn = (bytes: number, filler: string) =>
  `02${filler.repeat(bytes / (filler.length / 2))}7d${"11".repeat(128)}`
/** Wraps a signature in this many access keys' envelopes, in digits. */
export const keychains = (count: number, kind: string) => (kind + "11".repeat(20)).repeat(count) + secp256k1

/** Credentials that are costly to read, made from a good one: each one's fault, and how to make it. */
export const hostile: Record<string, (good: string) => string> = {
  "is 48 KB of padding and a letter": () => `Payment ${"=".repeat(48_000)}x`,
  "is 30 KB of padding and a letter": () => `Payment ${"=".repeat(30_000)}x`,
  "is 30 KB of blanks and a line's end": () => `Payment${" ".repeat(30_000)}\u2028`,
  "is 30 KB of blanks": () => `Payment${" ".repeat(30_000)}`,
  "is 30 KB of tabs and a letter": () => `Payment${"\t".repeat(30_000)}x\u2029`,
  "is 24 KB of open brackets": () => written("[".repeat(24_000)),
  "nests 12,000 lists": () => written(`{"challenge":${"[".repeat(12_000)}${"]".repeat(12_000)}}`),
  "nests 4,000 objects": () => written(`${'{"a":'.repeat(4_000)}1${"}".repeat(4_000)}`),
  "nests its payload": changed({ payload: many(2_000, () => 0).reduce<unknown>((inner) => [inner], 0) }),
  "is a string that never ends": () => written(`"${"\\".repeat(20_001)}`),
  "has a request of padding and a letter": challenged({ request: `${"=".repeat(20_000)}x` }),
  "has a request of padding and a letter that is just short enough": challenged({ request: `${"=".repeat(7_000)}x` }),
  "has opaque data of padding and a letter": challenged({ opaque: `${"=".repeat(7_000)}x` }),
  "has a request that nests lists": requested(`{"a":${"[".repeat(2_500)}${"]".repeat(2_500)}}`),
  "has a request that nests objects": requested(`${'{"a":'.repeat(900)}1${"}".repeat(900)}`),
  "has a request of many keys": requested(object(480, "1")),
  "has a request of many numbers": requested(`{"a":[${many(2_900, () => 1).join()}]}`),
  "has a request that is to be escaped": requested(`{"a":"${"\\u0001".repeat(950)}"}`),
  "has a number that JSON has and canonical JSON has not": requested('{"a":1e999}'),
  "has opaque data that is an object of many keys": challenged({ opaque: JSON.parse(object(600, '"1"')) as object }),
  "has a challenge of many fields": challenged(JSON.parse(object(900, '"1"')) as object),
  "has a long realm": challenged({ realm: "é".repeat(7_000) }),
  "has a long id": challenged({ id: "x".repeat(20_000) }),
  "has an expiry of many digits": challenged({ expires: `2026-01-01T00:00:00.${"1".repeat(7_000)}` }),
  "has a field name for its own prototype": () => written('{"challenge":{"__proto__":{"request":"e30"}},"payload":{}}'),
  "is null": () => written("null"),
  "has a challenge that is null": changed({ challenge: null }),
  "has a payload of many keys": changed({ payload: JSON.parse(object(1_500, "1")) as object }),
  "has a signature that is no transaction": signed(`0x76${"ff".repeat(8_000)}`),
  "has a transaction of half a byte": signed("0x76f"),
  "has a transaction of nothing": signed("0x76"),
  "has a transaction that nests": signed(concat(["0x76", toRlp(nest(1_500) as Hex[])])),
  "has a transaction whose parts nest": fielded(4, nest(12)),
  "has a transaction of many items": fielded(
    4,
    many(7_500, (): Hex => "0x")
  ),
  "has a transaction of many calls": fielded(
    4,
    many(160, () => ["0x", "0x", "0x"] as const)
  ),
  "has a transaction of long calls": fielded(
    4,
    many(300, () => [address, "0x", "0x"] as const)
  ),
  "has a long access list": fielded(
    5,
    many(300, () => [address, []] as const)
  ),
  "has an access list within bounds": fielded(
    5,
    many(120, () => [address, []] as const)
  ),
  "has a list that is longer than its items": (good) =>
    signed(`0x76f8ff${concat(["0x76", toRlp(fieldsOf(good) as Hex[])]).slice(8)}`)(good),
  "has a list whose length is written in four bytes": signed(`0x76fb7fffffff${"01".repeat(100)}`),
  "has a chain id of 7,000 bytes": fielded(0, `0x${"ff".repeat(7_000)}`),
  "has a nonce key of 7,000 bytes": fielded(6, `0x${"ff".repeat(7_000)}`),
  "pays a value of 7,000 bytes": fielded(4, [[address, `0x${"ff".repeat(7_000)}`, "0x"]]),
  "carries 7,000 bytes of data": fielded(4, [[address, "0x", `0x${"ff".repeat(7_000)}`]]),
  "has an authorization list": fielded(
    12,
    many(70, () => ["0x01", address, "0x", `0x${secp256k1}`] as const)
  ),
  "has a passkey's signature of 2 KB that is all braces": enveloped(webAuthn(1_900, "7b")),
  "has a passkey's signature of 2 KB that is all zeros": enveloped(webAuthn(1_900, "00")),
  "has a passkey's signature of 2 KB that opens and closes": enveloped(webAuthn(1_900, "7b7d")),
  "has a passkey's signature of 4 KB": enveloped(webAuthn(4_000, "7b5b")),
  "has a passkey's signature of 7 KB": enveloped(webAuthn(7_000, "7b")),
  "has a passkey's signature whose JSON is far in": enveloped(`02${"00".repeat(1_800)}7b7d${"11".repeat(128)}`),
  "has a passkey's signature in an access key's": enveloped(`04${"11".repeat(20)}${webAuthn(1_900, "7b")}`),
  "has two access keys' envelopes": enveloped(keychains(2, "04")),
  "has two access keys' envelopes of the old kind": enveloped(keychains(2, "03")),
  "has ten access keys' envelopes": enveloped(keychains(10, "04")),
  "has 300 access keys' envelopes": enveloped(keychains(300, "03")),
  "has access keys' envelopes of a length that an ordinary signature has": enveloped(
    `${keychains(1, "04").slice(0, 42)}${"04".repeat(44)}`
  ),
  "has an account of several owners": enveloped(
    `05${toRlp([address, ["0x", "0x01", [[address, "0x01"]]], [`0x${secp256k1}`]]).slice(2)}`
  ),
  "has a signature of an unknown kind": enveloped(`09${"11".repeat(500)}`),
  "has a signature that a contract would check, twice over": enveloped(`${secp256k1}${"77".repeat(64)}`),
  "has a P256 signature of nobody": enveloped(`01${"22".repeat(128)}00`),
  "has an r and an s of nothing": enveloped(`${"00".repeat(64)}1b`),
  "has the larger s": enveloped(`${"22".repeat(32)}${"f2".repeat(32)}1b`),
  "authorizes a key by a passkey's signature of 2 KB": authorizing(webAuthn(1_900, "7b")),
  "authorizes a key by nested envelopes": authorizing(keychains(100, "04")),
  "authorizes a key by an access key": authorizing(keychains(2, "04")),
  "authorizes a key with many limits": authorizing(secp256k1, [many(300, () => [address, "0x01"] as const)]),
  "authorizes a key with nested scopes": authorizing(secp256k1, ["0x", nest(12)])
}
