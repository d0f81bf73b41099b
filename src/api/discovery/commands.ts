import { exampleExecution, exampleRequest } from "./example.ts"
import type { Facts } from "./facts.ts"

const body = JSON.stringify(exampleRequest)

/** The one command that buys the example: what `/llms.txt` and the page offer to copy. Needs `MPPX_PRIVATE_KEY`. */
export const mppxCommand = ({ origin, rpcUrl }: Facts): string =>
  `npx mppx ${origin}/deploy${rpcUrl === undefined ? "" : ` --rpc-url ${rpcUrl}`} -J '${body}'`

/** Buys a run, with mppx. */
export const mppxRun = ({ origin, rpcUrl }: Facts): string =>
  `npx mppx ${origin}/execute${rpcUrl === undefined ? "" : ` --rpc-url ${rpcUrl}`} -J '${JSON.stringify(exampleExecution)}'`

/** The same with Tempo's own command line. */
export const tempoCommand = ({ origin }: Facts): string => `tempo request -X POST ${origin}/deploy --json '${body}'`

/** Asks for the price of this very body, and shows the challenge. */
export const curlQuote = ({ origin }: Facts): string =>
  `curl -i ${origin}/deploy -H 'Content-Type: application/json' -d '${body}'`

/** Sends what was paid for; `$CREDENTIAL` is the signed answer to the challenge. */
export const curlPay = (facts: Facts): string => `${curlQuote(facts)} -H "Authorization: Payment $CREDENTIAL"`
