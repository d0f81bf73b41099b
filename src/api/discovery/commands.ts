import { exampleDeployment, exampleExecution, exampleRequest } from "./example.ts"
import type { ServiceInfo } from "./service-info.ts"

const body = JSON.stringify(exampleRequest)

/** The one command that buys the example: what the page offers to copy. Needs `MPPX_PRIVATE_KEY`. */
export const mppxCommand = ({ origin, mppxOptions }: ServiceInfo): string =>
  `npx mppx ${origin}/deploy${mppxOptions} -J '${body}'`

/** The same so that it can be repeated: for whoever keeps the key. */
export const mppxCommandWithKey = ({ origin, mppxOptions }: ServiceInfo): string =>
  `KEY=$(node -p 'crypto.randomUUID()')\nnpx mppx ${origin}/deploy${mppxOptions} -H "Idempotency-Key: $KEY" -J '${body}'`

/** Replaces what was deployed, with mppx. */
export const mppxUpdate = ({ origin, mppxOptions }: ServiceInfo): string =>
  `npx mppx -X PUT ${origin}/deployments/${exampleDeployment.deployment_id}${mppxOptions} -J '${JSON.stringify({ files: exampleRequest.files })}'`

/** Buys a run, with mppx. */
export const mppxRun = ({ origin, mppxOptions }: ServiceInfo): string =>
  `npx mppx ${origin}/execute${mppxOptions} -J '${JSON.stringify(exampleExecution)}'`

/** The same with Tempo's own command line. */
export const tempoCommand = ({ origin }: ServiceInfo): string =>
  `tempo request -X POST ${origin}/deploy --json '${body}'`

/** Asks for the price of this very body, and shows the challenge. */
export const curlQuote = ({ origin }: ServiceInfo): string =>
  `curl -i ${origin}/deploy -H 'Content-Type: application/json' -d '${body}'`

/** Sends what was paid for; `$CREDENTIAL` is the signed answer to the challenge. */
export const curlPay = (service: ServiceInfo): string => `${curlQuote(service)} -H "Authorization: Payment $CREDENTIAL"`
