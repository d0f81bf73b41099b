/** The kinds of bindings that a start check imitates. */
export type BindingKind = "kv" | "d1" | "r2" | "durable_object" | "assets"

/** The modules that give code stand-ins for its bindings. */
export interface StandInModules {
  /** The module that puts them into `env`. It has to run before the code. */
  readonly prelude: string
  /** The module to start: it runs the prelude and then `main`, and exports what `main` exports. */
  readonly main: string
  readonly modules: Readonly<Record<string, string>>
}

/**
 * Makes modules that put a stand-in for each binding into `env`, which code reads by `import { env } from "cloudflare:workers"`.
 * The Worker Loader takes no real ones. Code meets them while it starts, so they do what the runtime's own do then: a statement
 * of D1 can be prepared, an id can be made of a name, and whatever needs I/O fails with the runtime's own error.
 * `undefined` if there are no bindings.
 *
 * @param main the module that the host starts.
 */
export const standInModules = (
  main: string,
  bindings: Readonly<Record<string, BindingKind>>
): StandInModules | undefined => {
  if (Object.keys(bindings).length === 0) return undefined
  const [prelude, outer] = ["__stand_ins.js", "__with_stand_ins.js"]
  return {
    prelude,
    main: outer,
    modules: {
      [prelude]: `${classes}\nfor (const [name, kind] of ${JSON.stringify(Object.entries(bindings))}) env[name] = new kinds[kind]()\n`,
      [outer]: `
import ${JSON.stringify(`./${prelude}`)}
export * from ${JSON.stringify(`./${main}`)}
export { default } from ${JSON.stringify(`./${main}`)}
`
    }
  }
}

// Measured in workerd: which methods work while a Worker starts, which throw, and which return a promise that rejects. A test
// compares each of them with the real bindings.
const classes = `
import { env } from "cloudflare:workers"

const disallowed = () => new Error(
  "Disallowed operation called within global scope. Asynchronous I/O (ex: fetch() or connect()), setting a timeout, and " +
  "generating random values are not allowed within global scope. To fix this error, perform this operation within a handler. " +
  "https://developers.cloudflare.com/workers/runtime-apis/handlers/")
const throws = () => { throw disallowed() }
const rejects = async () => { throw disallowed() }

/** Adds methods to a class, which all do the same. */
const add = ({ prototype }, method, names) => {
  for (const name of names) Object.defineProperty(prototype, name, { value: method, writable: true, configurable: true })
}

class KvNamespace {}
add(KvNamespace, throws, ["get", "getWithMetadata"])
add(KvNamespace, rejects, ["put", "list", "delete"])

const isBindable = (value) =>
  value === null || ["number", "string", "boolean"].includes(typeof value) || value instanceof ArrayBuffer ||
  ArrayBuffer.isView(value) || (Array.isArray(value) && value.every((one) => typeof one === "number"))
class D1PreparedStatement {
  bind(...values) {
    for (const value of values)
      if (!isBindable(value))
        throw new Error("D1_TYPE_ERROR: Type '" + typeof value + "' not supported for value '" + String(value) + "'")
    return new D1PreparedStatement()
  }
}
add(D1PreparedStatement, rejects, ["first", "all", "run", "raw"])
class D1DatabaseSession {
  prepare() { return new D1PreparedStatement() }
  getBookmark() { return null }
}
add(D1DatabaseSession, rejects, ["batch"])
class D1Database {
  prepare() { return new D1PreparedStatement() }
  withSession() { return new D1DatabaseSession() }
}
add(D1Database, rejects, ["batch", "exec", "dump"])

class R2MultipartUpload {
  constructor(key, uploadId) { Object.assign(this, { key, uploadId }) }
}
add(R2MultipartUpload, rejects, ["uploadPart", "complete", "abort"])
class R2Bucket {
  resumeMultipartUpload(key, uploadId) { return new R2MultipartUpload(key, uploadId) }
}
add(R2Bucket, rejects, ["head", "get", "put", "list", "delete", "createMultipartUpload"])

class DurableObjectId {
  #hex
  constructor(hex, name) {
    this.#hex = hex
    if (name !== undefined) this.name = name
  }
  toString() { return this.#hex }
  equals(other) { return this.#hex === String(other) }
}
const DIGITS = "0123456789abcdef"
/** 64 digits, each of which depends on the name. */
const digest = (name) => {
  let [state, hex] = [name.length, ""]
  for (let place = 0; place < 64; place++) {
    for (let at = 0; at < name.length; at++) state = (Math.imul(state ^ name.charCodeAt(at), 16777619) + place) >>> 0
    hex += DIGITS[state >>> 28]
  }
  return hex
}
class DurableObjectNamespace {
  newUniqueId() { return new DurableObjectId(Array.from({ length: 64 }, () => DIGITS[Math.floor(Math.random() * 16)]).join("")) }
  idFromName(name) { return new DurableObjectId(digest(String(name)), String(name)) }
  idFromString(hex) {
    if (!/^[0-9a-f]{64}$/i.test(hex)) throw new TypeError("Invalid Durable Object ID: must be 64 hex digits")
    return new DurableObjectId(String(hex).toLowerCase())
  }
  jurisdiction() { return new DurableObjectNamespace() }
}
add(DurableObjectNamespace, throws, ["get", "getByName"])

class Fetcher {}
add(Fetcher, rejects, ["fetch"])
add(Fetcher, throws, ["connect"])

const kinds = { kv: KvNamespace, d1: D1Database, r2: R2Bucket, durable_object: DurableObjectNamespace, assets: Fetcher }
`
