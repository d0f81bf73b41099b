import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"

/** The README, which has the examples. */
export const readme = readFileSync("README.md", "utf8")

/** The code blocks whose first line names their file. */
export const blocks = [...readme.matchAll(/^```(?:ts|jsonc)\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)].map(
  ([, path = "", code = ""]) => ({ path, code })
)

/** The files that the README's reader copies, and their folders. */
export const copies = [...readme.matchAll(/\[(test\/examples\/\w+\.ts)\]\(\1\), copied to `(src\/[\w-]+\/)`/g)].map(
  ([, file = "", folder = ""]) => ({ file, folder })
)

/** Makes `folder` the project of a reader who has followed the README under "Change the …". */
export const followReadme = (folder: string): void => {
  for (const part of ["src", "package.json", "tsconfig.json", "wrangler.jsonc"]) {
    cpSync(part, join(folder, part), { recursive: true })
  }
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"))
  for (const copy of copies) cpSync(copy.file, join(folder, copy.folder, copy.file.split("/").at(-1) ?? ""))
  const layers = join(folder, "src/layers.ts")
  const changed = blocks
    .filter(({ path }) => path === "src/layers.ts")
    .reduce((before, { code }) => override(before, code), readFileSync(layers, "utf8"))
  writeFileSync(layers, changed)
}

/**
 * Returns `layers.ts` with one more import, with the constant that uses it in place of the old one, and without unused imports.
 */
const override = (layers: string, block: string): string => {
  const [imports = "", statement = ""] = block.trim().split("\n")
  const [, name] = /^const (\w+) =/.exec(statement) ?? []
  const replaced = layers.replace(new RegExp(`^const ${name} = [\\s\\S]*?\\n\\n`, "m"), () => `${statement}\n\n`)
  if (replaced === layers) throw new Error(`src/layers.ts has no ${name} to replace`)
  const uses = replaced.replace(/^import .*/gm, "")
  const used = replaced.replace(/^import \{ (\w+) \} from .*\n/gm, (line, imported: string) =>
    new RegExp(`\\b${imported}\\b`).test(uses) ? line : ""
  )
  return `${imports}\n${used}`
}

/** Answers a challenge, the value of `WWW-Authenticate`, with a code. `changes` forge the answer. */
export const voucherCredential = (header: string, code: string, changes: Record<string, string> = {}): string => {
  const parameters = [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value])
  const challenge = { ...Object.fromEntries(parameters), ...changes }
  return `Payment ${Buffer.from(JSON.stringify({ challenge, payload: { code } })).toString("base64url")}`
}
