import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

/** A request, or a conversation over a WebSocket, that the two servers are compared by. */
export interface Call {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** The text of the body; anything else is sent as JSON. */
  readonly body?: unknown
  /** A value that later paths may have as `{name}`: the first group of a pattern in the answer's body. */
  readonly take?: Readonly<Record<string, string>>
  /** Messages to send over a WebSocket; the answer is the messages that come within a second. */
  readonly send?: ReadonlyArray<string>
}

/** A public template, and the way to try it. */
export interface Template {
  readonly id: string
  /**
   * Its folder below the one where the caller put the templates: `cf` is cloudflare/templates at 7a0bc8f9, `hono` is
   * honojs/examples at 50da66a7, `c3` and `fixtures` are packages/create-cloudflare/templates and fixtures of
   * cloudflare/workers-sdk at f8308360, and `more` has cloudflare/workers-chat-demo at dd32ce87 (`chat-demo`), the templates of
   * honojs/starter at e0092e5f (`starter`), and cloudflare/serverless-registry at 5f97b0ec with a configuration (`registry`).
   */
  readonly folder: string
  /** The program of `wrangler dev` where its README or script names it. */
  readonly entry?: string
  /** Files that its README says to rename, and texts that its generator replaces. */
  readonly rename?: Readonly<Record<string, string>>
  readonly replace?: Readonly<Record<string, string>>
  /** Files that are left out, because they are large and no part of the program. */
  readonly without?: ReadonlyArray<string>
  /** Secrets: `env` of the request, and `.dev.vars` of wrangler. */
  readonly env?: Readonly<Record<string, string>>
  /** A command that builds it in its installed copy, and the folders of the result, which are sent too. */
  readonly build?: { readonly command: string; readonly folders: ReadonlyArray<string> }
  /** A part of the text or of the line that the refusal points to, where the template must be refused. */
  readonly refused?: string
  readonly calls?: ReadonlyArray<Call>
}

/** Every template. */
export const templates = JSON.parse(
  readFileSync(new URL("templates.json", import.meta.url), "utf8")
) as ReadonlyArray<Template>

/** Folders that nobody sends, and lock files of other package managers. */
const SKIPPED = new Set([
  ".git",
  ".wrangler",
  "node_modules",
  "pnpm-lock.yaml",
  "yarn.lock",
  "bun.lock",
  "bun.lockb",
  "deno.lock"
])

/** The content of a file as it is sent. */
export type Content = string | { readonly base64: string }

const contentOf = (bytes: Buffer): Content => {
  const text = bytes.toString("utf8")
  return Buffer.from(text).equals(bytes) ? text : { base64: bytes.toString("base64") }
}

/** Reads a folder as it is sent. */
export const readFolder = (folder: string, below = ""): Record<string, Content> => {
  const files: Record<string, Content> = {}
  for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
    if (SKIPPED.has(entry.name)) continue
    const path = below === "" ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory()) Object.assign(files, readFolder(folder, path))
    else if (entry.isFile()) files[path] = contentOf(readFileSync(join(folder, path)))
  }
  return files
}

/** The files of a template, as its README and its generator have them. */
export const filesOf = (
  { rename = {}, replace = {}, without = [] }: Template,
  folder: string
): Record<string, Content> =>
  Object.fromEntries(
    Object.entries(readFolder(folder)).flatMap(([path, content]) => {
      const text = Object.entries(replace).reduce<Content>(
        (text, [from, to]) => (typeof text === "string" ? text.replaceAll(from, to) : text),
        content
      )
      return without.includes(path) ? [] : [[rename[path] ?? path, text] as const]
    })
  )
