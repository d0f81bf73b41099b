import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { missedIn, placesIn, plantCanary } from "../e2e/project/plant-canaries.ts"
import { findCanaries, findCanariesIn, makeCanary } from "../support/canaries.ts"
import type { Agent } from "./agent.ts"

/**
 * Searches everything that was logged and answered during the attacks for secrets: credentials, signed transactions,
 * receipts, keys and tokens. Returns a sentence for each place, without the secret.
 */
export const leaks = (
  logs: string,
  agents: ReadonlyArray<Agent>,
  secrets: ReadonlyArray<string | undefined>
): ReadonlyArray<string> => {
  const needles: ReadonlyArray<readonly [what: string, value: string]> = [
    ...secrets.flatMap((secret) => (secret === undefined ? [] : [["a secret setting", secret] as const])),
    ...agents.flatMap(({ privateKey, credentials, signed, receipts }) => [
      ["a wallet's key", privateKey.slice(2)] as const,
      ...credentials.map((credential) => ["a credential", credential.replace(/^Payment /, "")] as const),
      // Hashes are public. A signed transaction is not, before it is sent.
      ...[...signed].filter((hex) => hex.length > 66).map((hex) => ["a signed transaction", hex.slice(2)] as const),
      ...receipts.map((receipt) => ["a receipt", receipt] as const)
    ])
  ]
  const texts: ReadonlyArray<readonly [where: string, text: string]> = [
    // The chain's node may log the transactions that it refuses, because it has received them.
    ...readdirSync(logs)
      .filter((name) => name !== "chain.log")
      .map((name) => {
        const lines = readFileSync(join(logs, name), "utf8").split("\n")
        // Wrangler lists a local gateway's variables like this. Deployed, they are secrets.
        return [name, lines.filter((line) => !line.trimStart().startsWith("env.")).join("\n")] as const
      }),
    ["an answer", agents.flatMap(({ answers }) => answers.map(({ text }) => text)).join("\n")]
  ]
  return texts.flatMap(([where, text]) => {
    const found = new Set(needles.filter(([, value]) => text.includes(value)).map(([what]) => what))
    return [...found].map((what) => `${what} in ${where}`)
  })
}

/**
 * The secrets of one execution of the suite. All begin with the same text, which nothing else contains, so that one search finds
 * any of them.
 */
export class Canaries {
  readonly #common = makeCanary()
  readonly #planted = makeCanary()

  /** The secret of a run. */
  of(slug: string): string {
    return `${this.#common}${slug}`
  }

  /**
   * Searches all that the gateways have written, and all that they have answered, in every form. Then it plants a secret in each
   * of these places, and searches again. Returns a sentence for each leak, and for each planted secret that was not found.
   *
   * @param dir the directory of the stack; the storages of built Workers are beside it.
   * @param gardener an agent that deploys the planted secret.
   */
  async check(dir: string, agents: ReadonlyArray<Agent>, gardener: Agent): Promise<ReadonlyArray<string>> {
    const answers = [...agents, gardener]
    // The storage of the gateways that run beside the stack.
    const bare = readdirSync(join(dir, "..")).filter((name) => name.startsWith("bare"))
    const places = [...placesIn(dir), ...bare.map((name) => join(dir, "..", name))]
    const search = (secret: string, planted = "") => [
      ...places.flatMap((place) => findCanariesIn(place, [secret])),
      ...answers.flatMap(({ answers, receipts }) =>
        findCanaries("an answer", [...answers.map(({ text }) => text), ...receipts, planted].join("\n"), [secret])
      )
    ]
    const leaks = search(this.#common)
    const control = await plantCanary(dir, this.#planted)
    await gardener.callUntilDone(JSON.stringify({ files: control.files }), crypto.randomUUID())
    const missed = missedIn(search(this.#planted, control.answer))
    return [...leaks, ...missed.map((form) => `a planted secret was not found: ${form}`)]
  }
}
