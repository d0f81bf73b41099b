import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"

/** The text that the examples belong to. */
export const readme = readFileSync("README.md", "utf8")

/** The code blocks that say in their first line which file they are. */
export const blocks = [...readme.matchAll(/^```(?:ts|jsonc)\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)].map(
  ([, path = "", code = ""]) => ({ path, code })
)

/** The files that the README has its reader copy, and into which folder. */
export const copies = [...readme.matchAll(/\[(test\/examples\/\w+\.ts)\]\(\1\), copied to `(src\/[\w-]+\/)`/g)].map(
  ([, file = "", folder = ""]) => ({ file, folder })
)

/** Makes `folder` the project of a reader who has done all that the README says under "Change the …". */
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

/** `layers.ts` with one more import, with the constant that uses it in the old one's place, and without what nothing uses now. */
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

/** What a client sends that pays a challenge, the value of `WWW-Authenticate`, with a code; `changes` forge it. */
export const voucherCredential = (header: string, code: string, changes: Record<string, string> = {}): string => {
  const parameters = [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value])
  const challenge = { ...Object.fromEntries(parameters), ...changes }
  return `Payment ${Buffer.from(JSON.stringify({ challenge, payload: { code } })).toString("base64url")}`
}
