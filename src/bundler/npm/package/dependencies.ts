import { isObject, own } from "./json.ts"

/** A dependency of a package on another. */
export interface Dependency {
  readonly range: string
  /** Whether it does without. */
  readonly optional: boolean
  /** Whether it uses the project's own. */
  readonly peer: boolean
}

const rangeIn = (json: unknown, table: string, name: string): string | undefined => {
  const range = own(own(json, table), name)
  return typeof range === "string" ? range : undefined
}

/** The dependency on `name` in a package's package.json. */
export const readDependency = (json: unknown, name: string): Dependency | undefined => {
  const optional = rangeIn(json, "optionalDependencies", name)
  if (optional !== undefined) return { range: optional, optional: true, peer: false }
  const plain = rangeIn(json, "dependencies", name)
  if (plain !== undefined) return { range: plain, optional: false, peer: false }
  const peer = rangeIn(json, "peerDependencies", name)
  if (peer === undefined) return undefined
  return { range: peer, optional: own(own(own(json, "peerDependenciesMeta"), name), "optional") === true, peer: true }
}

/** The range of `name` in a project's package.json. devDependencies count, because code imports them. */
export const readRange = (json: unknown, name: string): string | undefined =>
  rangeIn(json, "dependencies", name) ??
  rangeIn(json, "devDependencies", name) ??
  rangeIn(json, "optionalDependencies", name) ??
  rangeIn(json, "peerDependencies", name)

/** The name of a package that has one machine's binary: `@img/sharp-linux-x64`. */
const BINARY = /(?:^|[-/_])(?:linux|darwin|win32)[-_](?:x64|arm64)/

const INSTALLS_BINARY = /node-gyp|prebuild|node-pre-gyp|cmake-js|node install/

/** They fetch a program when they are installed, and do without: puppeteer connects to the browser of another machine. */
const DOES_WITHOUT: ReadonlySet<unknown> = new Set(["puppeteer"])

/** Whether a package is a program for one machine: it has add-ons, builds them, or leads to packages that have them. */
export const isNative = (json: Readonly<Record<string, unknown>>, paths: ReadonlySet<string>): boolean => {
  if (paths.has("binding.gyp") || [...paths].some((path) => path.endsWith(".node"))) return true
  if (DOES_WITHOUT.has(json["name"])) return false
  const scripts = ["install", "preinstall", "postinstall"].map((key) => own(json["scripts"], key)).join(" ")
  return json["gypfile"] === true || json["binary"] !== undefined || INSTALLS_BINARY.test(scripts.slice(0, 2000))
}

/** Whether a package consists of binaries for several machines, of which npm installs one. */
export const isBinaryChooser = (json: Readonly<Record<string, unknown>>): boolean => {
  const optional = json["optionalDependencies"]
  return isObject(optional) && Object.keys(optional).filter((name) => BINARY.test(name)).length >= 2
}
