import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
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
