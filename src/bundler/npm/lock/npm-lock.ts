import satisfies from "semver/functions/satisfies.js"
import validRange from "semver/ranges/valid.js"
import { PackageRefused } from "../errors.ts"
import type { Lock, Locked } from "../types.ts"
import { isObject, readJsonFile, textOf } from "./json-file.ts"

/** The name of npm's lock file. */
export const NPM_LOCK = "package-lock.json"

const refuse = (text: string, hint: string): PackageRefused => new PackageRefused({ code: "bad-lock", text, hint })

const LEAVE_OUT = `Make ${NPM_LOCK} again with npm install, or leave it out.`

/** Looks where Node does, from the importer's folder up: `node_modules/a/node_modules/b`, `node_modules/b`. */
const placeOf = (packages: ReadonlyMap<string, unknown>, from: string, name: string): string | undefined => {
  for (let folder = from; folder !== ""; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const place = `${folder}/node_modules/${name}`
    if (packages.has(place)) return place
  }
  return packages.has(`node_modules/${name}`) ? `node_modules/${name}` : undefined
}

/** @throws {PackageRefused} if the entry is not of a package of npm. */
const readEntry = (location: string, name: string, entry: unknown): Locked => {
  if (!isObject(entry)) throw refuse(`${NPM_LOCK} has no version at ${JSON.stringify(location)}`, LEAVE_OUT)
  const resolved = textOf(entry["resolved"]) ?? ""
  if (entry["link"] === true)
    throw refuse(
      `${name} is a link to ${JSON.stringify(resolved.slice(0, 200))} in ${NPM_LOCK}`,
      "Send its files and import them by a relative path."
    )
  if (resolved !== "" && !/^https?:/i.test(resolved))
    throw refuse(
      `${name} comes from ${JSON.stringify(resolved.slice(0, 200))} in ${NPM_LOCK}, not from npm`,
      "Send its files and import them by a relative path, or depend on a version of npm."
    )
  const version = textOf(entry["version"])
  if (version === undefined) throw refuse(`${NPM_LOCK} has no version at ${JSON.stringify(location)}`, LEAVE_OUT)
  return { name: textOf(entry["name"]) ?? name, version, integrity: textOf(entry["integrity"]), location }
}

/**
 * Reads npm's lock, versions 2 and 3. It is honoured by place. As with `npm install`, an entry does not count if package.json
 * asks for another version by now.
 *
 * @throws {PackageRefused} if it is no such lock.
 */
export const readNpmLock = (source: string): Lock => {
  const json = readJsonFile(NPM_LOCK, source)
  if (!isObject(json["packages"])) {
    const isOld = json["lockfileVersion"] === 1 || isObject(json["dependencies"])
    const text = isOld ? `${NPM_LOCK} is of lockfileVersion 1` : `${NPM_LOCK} has no "packages"`
    throw refuse(text, isOld ? `Make it again with npm install of npm 7 or later, or leave it out.` : LEAVE_OUT)
  }
  const packages = new Map(Object.entries(json["packages"]))
  const root = packages.get("")
  const declared = new Map(
    ["devDependencies", "optionalDependencies", "dependencies"].flatMap((field) => {
      const ranges = isObject(root) ? root[field] : undefined
      return isObject(ranges) ? Object.entries(ranges) : []
    })
  )
  const isOutdated = (name: string, range: string, version: string): boolean =>
    declared.get(name) !== range && validRange(range) !== null && !satisfies(version, range)
  return {
    find: (from, name, range) => {
      const location = placeOf(packages, from, name)
      if (location === undefined) return undefined
      const locked = readEntry(location, name, packages.get(location))
      return from === "" && isOutdated(name, range, locked.version) ? undefined : locked
    }
  }
}
