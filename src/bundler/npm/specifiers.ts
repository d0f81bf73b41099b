import { PackageRefused } from "./errors.ts"

/** An import of a package. */
export interface PackageSpecifier {
  readonly name: string
  /** The range that the specifier itself names, as in `npm:zod@^3`. */
  readonly range: string | undefined
  /** "" for the package itself, `cors` for `hono/cors`. */
  readonly subpath: string
}

/** A package's name, as the registry has it; older packages may have capitals. */
const NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]{0,213}\/)?[a-z0-9~-][a-z0-9._~-]{0,213}$/i

/** `npm:@scope/name@range/sub`. A range has no slash. */
const INLINE = /^npm:\/?((?:@[^/@]{1,214}\/)?[^/@]{1,214})(?:@([^/]{1,200}))?(?:\/(.*))?$/s

/** Whether it is a valid name of a package. */
export const isPackageName = (name: string): boolean =>
  name.length <= 214 && NAME.test(name) && name !== "node_modules" && name !== "favicon.ico"

/** @throws {PackageRefused} if it is no name of a package. */
export const checkPackageName = (name: string): string => {
  if (isPackageName(name)) return name
  throw new PackageRefused({
    code: "bad-name",
    text: `${JSON.stringify(name.slice(0, 100))} is not a name of a package`,
    hint: "Import a file by its relative path, as in ./file, or correct the name."
  })
}

/** `@scope/name/a/b` → `@scope/name` and `a/b`. */
export const splitSpecifier = (specifier: string): PackageSpecifier => {
  const parts = specifier.split("/")
  const count = specifier.startsWith("@") ? 2 : 1
  return { name: parts.slice(0, count).join("/"), range: undefined, subpath: parts.slice(count).join("/") }
}

/** Reads an import of a package, bare or with `npm:`. Its name need not be valid. */
export const readSpecifier = (specifier: string): PackageSpecifier => {
  if (!specifier.startsWith("npm:")) return splitSpecifier(specifier)
  const [, name = specifier.slice("npm:".length, 100), range, subpath = ""] = INLINE.exec(specifier) ?? []
  return { name, range, subpath }
}

/** The package that a dependency stands for: `"z3": "npm:zod@^3"` asks for `zod`. */
export const readAlias = (name: string, range: string): { readonly name: string; readonly range: string } => {
  if (!range.startsWith("npm:")) return { name, range }
  const target = readSpecifier(range)
  return { name: target.name, range: target.range ?? "latest" }
}

/** The modules to import in place of well-known packages of JSR. */
const ON_NPM: Readonly<Record<string, string>> = {
  "@hono/hono": "hono",
  "@zod/zod": "zod",
  "@std/assert": "node:assert",
  "@std/path": "node:path",
  "@std/encoding": "node:buffer"
}

/** Refuses packages of other registries, by name or by URL, with the import to write instead; `undefined` for all others. */
export const refuseRegistry = (specifier: string): PackageRefused | undefined => {
  const jsr = /^(?:jsr:\/?|https?:\/\/jsr\.io\/(?=@))((?:@[^/@]{1,100}\/)?[^/@]{1,100})/i.exec(specifier)?.[1]
  if (jsr !== undefined)
    return new PackageRefused({
      code: "bad-specifier",
      text: `${JSON.stringify(specifier.slice(0, 200))} is a package of JSR, which is not supported`,
      hint: `${ON_NPM[jsr]?.startsWith("node:") ? "Import Node's module instead" : "Import it from npm"}, as in ${JSON.stringify(ON_NPM[jsr] ?? `npm:${jsr.split("/").at(-1)}`)}, or from https://esm.sh/jsr/${jsr}.`
    })
  if (!/^https?:\/\/(?:[\w-]{1,60}\.)?deno\.land\//i.test(specifier)) return undefined
  const name = /^https?:\/\/(?:[\w-]{1,60}\.)?deno\.land\/(?:x\/)?([\w-]{1,100})/i.exec(specifier)?.[1] ?? "name"
  return new PackageRefused({
    code: "bad-specifier",
    text: `${JSON.stringify(specifier.slice(0, 200))} is a module for Deno, which is not supported`,
    hint:
      name === "std"
        ? 'Import Node\'s module instead, as in "node:path", or a package of npm.'
        : `Import the package of npm, as in ${JSON.stringify(`npm:${name}`)}.`
  })
}
