import { setTimeout as sleep } from "node:timers/promises"
import type { Stack } from "../../src/local/stack.ts"
import type { walletOn } from "../e2e/support.ts"
import { filesOf, type Outcome, type Program } from "./programs.ts"

type Wallet = Pick<ReturnType<typeof walletOn>, "fetch">

/** A deploy and a call of its site. */
export interface Deployed {
  readonly outcome: Outcome
  /** Milliseconds of the paid call that brought the answer. */
  readonly ms: number
  /** How often the gateway asked for another try before. */
  readonly retries: number
}

/** A client tries a call again that many times at most, when the gateway asks for it and nothing was charged. */
const MAX_RETRIES = 3

interface Diagnostic {
  readonly text: string
  readonly hint?: string
}

const textOf = ({ text, hint }: Diagnostic): string => (hint === undefined ? text : `${text} (${hint})`)

/** Calls a site as a visitor. A site that does not answer in time counts as one that answers so. */
const visit = async (url: string): Promise<string> => {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(20_000) })
    return await response.text()
  } catch (cause) {
    return `no answer: ${String(cause)}`
  }
}

/** Buys a deploy from the gateway with the stock client, and calls the site. */
export const deployAt = async (stack: Pick<Stack, "info">, wallet: Wallet, program: Program): Promise<Deployed> => {
  const { gateway } = stack.info
  const body = JSON.stringify({ files: filesOf(program) })
  for (let retries = 0; ; retries++) {
    const since = performance.now()
    const response = await wallet.fetch(`${gateway}/deploy`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json" }
    })
    const answer = (await response.json()) as {
      readonly url?: string
      readonly deployment_id?: string
      readonly detail?: string
      readonly charged?: boolean | null
      readonly diagnostics?: ReadonlyArray<Diagnostic>
    }
    const ms = performance.now() - since
    const wait = response.headers.get("retry-after")
    if (response.status !== 200 && wait !== null && answer.charged === false && retries < MAX_RETRIES) {
      await sleep(Number(wait) * 1000)
      continue
    }
    if (response.status === 200) {
      const status = (await (await fetch(`${gateway}/deployments/${answer.deployment_id}`)).json()) as {
        readonly warnings: ReadonlyArray<Diagnostic>
      }
      const site = await visit(answer.url ?? "")
      return { outcome: { refused: false, answer: site, warnings: status.warnings.map(textOf) }, ms, retries }
    }
    // Only a refusal of the source says something about it.
    if (response.status === 422)
      return { outcome: { refused: true, reason: (answer.diagnostics ?? []).map(textOf).join("; ") }, ms, retries }
    return { outcome: { refused: false, answer: `${response.status}: ${answer.detail}` }, ms, retries }
  }
}
