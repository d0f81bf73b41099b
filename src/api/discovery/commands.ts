import { exampleDeployment, exampleExecution, exampleReport, exampleRequest } from "./example.ts"
import type { ServiceInfo } from "./service-info.ts"

const body = JSON.stringify(exampleRequest)

/** The command that buys the example, for the page. It needs `MPPX_PRIVATE_KEY`. */
export const mppxCommand = ({ origin, mppxOptions }: ServiceInfo): string =>
  `npx mppx ${origin}/deploy${mppxOptions} -J '${body}'`

/** The same command with an `Idempotency-Key`, so that the client can repeat it at no cost. */
export const mppxCommandWithKey = ({ origin, mppxOptions }: ServiceInfo): string =>
  `KEY=$(node -p 'crypto.randomUUID()')\nnpx mppx ${origin}/deploy${mppxOptions} -H "Idempotency-Key: $KEY" -J '${body}'`

/** Updates a deployment with mppx. */
export const mppxUpdate = ({ origin, mppxOptions }: ServiceInfo): string =>
  `npx mppx -X PUT ${origin}/deployments/${exampleDeployment.deployment_id}${mppxOptions} -J '${JSON.stringify({ files: exampleRequest.files })}'`

/** Calls a deployment with mppx, without a body. */
export const mppxOn = ({ origin, mppxOptions }: ServiceInfo, method: string, path = ""): string =>
  `npx mppx -X ${method} ${origin}/deployments/${exampleDeployment.deployment_id}${path}${mppxOptions}`

/** Buys a run with mppx. */
export const mppxRun = ({ origin, mppxOptions }: ServiceInfo): string =>
  `npx mppx ${origin}/execute${mppxOptions} -J '${JSON.stringify(exampleExecution)}'`

/** Buys the example with Tempo's command line. */
export const tempoCommand = ({ origin }: ServiceInfo): string =>
  `tempo request -X POST ${origin}/deploy --json '${body}'`

/** Asks for the price of the example and shows the challenge. */
export const curlQuote = ({ origin }: ServiceInfo): string =>
  `curl -i ${origin}/deploy -H 'Content-Type: application/json' -d '${body}'`

/** Sends the example with its payment; `$CREDENTIAL` is the signed answer to the challenge. */
export const curlPay = (service: ServiceInfo): string => `${curlQuote(service)} -H "Authorization: Payment $CREDENTIAL"`

/** Reports the example. */
export const reportCommand = ({ origin }: ServiceInfo): string =>
  `curl ${origin}/reports -H 'Content-Type: application/json' -d '${JSON.stringify(exampleReport)}'`
