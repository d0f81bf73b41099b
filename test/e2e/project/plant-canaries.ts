import { appendFileSync } from "node:fs"
import { join } from "node:path"
import { run } from "../support.ts"
import { filesIn } from "../../support/canaries.ts"

/** Where the gateway of a stack keeps what it knows: the objects' databases with their write-ahead logs, KV, and the logs. */
export const placesIn = (stackDir: string): ReadonlyArray<string> => [join(stackDir, "gateway"), join(stackDir, "logs")]

/** The forms in which a secret is planted, and the place of each. */
const CONTROLS = [
  ["JSON", /gateway.*\.log/],
  ["hex", /\/kv\//i],
  ["base64 at 1", /\/do\/.*\.sqlite/i],
  ["URL", /an answer/]
] as const

/**
 * Plants a secret in each place where the search must find it. Returns what the caller plants: files to deploy, which the
 * gateway keeps in an object's database as they are sent, and an answer.
 */
export const plantCanary = async (stackDir: string, secret: string) => {
  const log = filesIn(join(stackDir, "logs")).find((file) => /gateway/.test(file))!
  appendFileSync(log, `\n${JSON.stringify({ message: secret })}\n`)
  const config = ["--config", join(stackDir, "gateway", "wrangler.json")]
  const state = ["--persist-to", join(stackDir, "gateway", "state")]
  const put = ["kv", "key", "put", "control", Buffer.from(secret).toString("hex"), "--binding", "EXPIRY", "--local"]
  const { code, stderr } = await run("wrangler", [...put, ...config, ...state])
  if (code !== 0) throw new Error(`the secret was not planted in KV: ${stderr}`)
  return {
    files: {
      "index.ts": 'export default { fetch: () => new Response("ok") }',
      "leak.txt": Buffer.from(`x${secret}`).toString("base64")
    },
    answer: encodeURIComponent(secret)
  }
}

/** Returns the planted forms that a search did not find. */
export const missedIn = (leaks: ReadonlyArray<string>): ReadonlyArray<string> =>
  CONTROLS.flatMap(([form, place]) =>
    leaks.some((leak) => leak.includes(`(${form})`) && place.test(leak)) ? [] : [`${form} in ${place}`]
  )
