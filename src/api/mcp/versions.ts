import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { INVALID_PARAMS, type Message, type RpcError, rpcError } from "./json-rpc.ts"

/*
 * The versions of MCP. Since 2026-07-28 each request names its version and there is no handshake. Before, `initialize` agreed on
 * one; a server without sessions has nothing to remember of that. Older ones than 2025-06-18 have batches and are not served.
 */

/** The version whose requests carry their version with them. */
const MODERN = "2026-07-28"

/** The versions with a handshake, newest first. */
const WITH_HANDSHAKE = ["2025-11-25", "2025-06-18"]

/** Every version that is served, newest first. */
export const VERSIONS = [MODERN, ...WITH_HANDSHAKE]

/** The fields of `_meta` that the newest version defines. */
const VERSION_FIELD = "io.modelcontextprotocol/protocolVersion"
const CAPABILITIES_FIELD = "io.modelcontextprotocol/clientCapabilities"
/** The field of `_meta` in which a result names the server. */
export const SERVER_FIELD = "io.modelcontextprotocol/serverInfo"

const HEADER_MISMATCH = -32020
const UNSUPPORTED_VERSION = -32022

/** Returns the version of a handshake: the client's if it is served, else the newest. The client decides whether it can go on. */
export const agreeOn = (requested: unknown): string =>
  WITH_HANDSHAKE.find((version) => version === requested) ?? WITH_HANDSHAKE[0] ?? MODERN

/** Reads a field of `_meta`: that of the params, as MCP has it, or else that of the frame, as other JSON-RPC has it. */
export const readMeta = ({ _meta: outer, params }: Message, name: string): unknown => {
  const inner = params?.["_meta"]
  const own = [inner, outer].find((meta) => Predicate.isReadonlyObject(meta) && Object.hasOwn(meta, name))
  return own === undefined ? undefined : Reflect.get(own as object, name)
}

/**
 * Checks the version that a message names, and returns whether it is of the newest version. `true` requires its headers to say
 * what its body says, because servers on the way may have read only those.
 */
export const checkVersion = (message: Message, headers: Headers): Effect.Effect<boolean, RpcError> => {
  const header = headers.get("mcp-protocol-version")?.trim()
  const claim = readMeta(message, VERSION_FIELD)
  if (claim === undefined && header !== MODERN) {
    return header === undefined || WITH_HANDSHAKE.includes(header) ? Effect.succeed(false) : unsupported(header)
  }
  // The version defines neither notifications nor their headers.
  if (message.id === undefined) return Effect.succeed(true)
  if (claim !== header) {
    return mismatch(`MCP-Protocol-Version is ${shown(header)}, and ${VERSION_FIELD} of _meta ${shown(claim)}`)
  }
  if (claim !== MODERN) return unsupported(claim)
  if (!Predicate.isReadonlyObject(readMeta(message, CAPABILITIES_FIELD))) {
    return rpcError(INVALID_PARAMS, `_meta needs ${CAPABILITIES_FIELD}, an object.`)
  }
  const { method, params } = message
  if (headers.get("mcp-method")?.trim() !== method) return mismatch("Mcp-Method does not name the method")
  if (method === "tools/call" && decodeName(headers.get("mcp-name")) !== params?.["name"]) {
    return mismatch("Mcp-Name does not name the tool")
  }
  return Effect.succeed(true)
}

const shown = (value: unknown): string => (Predicate.isString(value) ? value.slice(0, 50) : "absent")

const mismatch = (what: string) => rpcError(HEADER_MISMATCH, `The headers and the body disagree: ${what}.`)

const unsupported = (requested: unknown) =>
  rpcError(UNSUPPORTED_VERSION, "Unsupported protocol version", {
    data: { supported: VERSIONS, requested: shown(requested) }
  })

/** Reads a header that may be written as `=?base64?…?=`. */
const decodeName = (header: string | null): string | undefined => {
  const name = header?.trim()
  return name?.startsWith("=?base64?") === true && name.endsWith("?=")
    ? Buffer.from(name.slice(9, -2), "base64").toString()
    : name
}
