import { hours, type ServiceInfo } from "../service-info.ts"

const executeLine = ({ execute }: ServiceInfo): ReadonlyArray<string> =>
  execute === undefined
    ? []
    : [
        `POST /execute {"code": "…", "input": …} ($${execute.price}): runs an exported run(input) once and answers its result.`
      ]

/**
 * `info.x-guidance`: the rules of payment and the calls, for agents that have read no more than the document. Directories put it
 * into a model's context, so it stays below 4,000 characters.
 */
export const guidance = (service: ServiceInfo): string =>
  [
    `POST /deploy {"files": {"src/index.ts": "…"}} ($${service.price}): answers a URL that serves the code for ${hours(service)}.`,
    ...executeLine(service),
    `POST /deployments/{deployment_id}/renew, no body ($${service.price}, from anybody): ${hours(service)} more.`,
    "PUT or DELETE /deployments/{deployment_id}, GET …/files and …/logs, and GET /deployments, the list: free for the payer. Their 402 asks for amount 0: sign it like any other, with the key that paid. No money moves.",
    "GET /deployments/{deployment_id}: free for everybody.",
    "",
    "How to pay: send the request. The 402 has a challenge for exactly these bytes. Sign it with an MPP client and send the same bytes again with Authorization: Payment, within 15 seconds." +
      (service.tempo
        ? ` npx mppx does all of it: npx mppx ${service.origin}/deploy${service.mppxOptions} -J BODY`
        : ""),
    "A POST without a body quotes the price.",
    "Send an Idempotency-Key. After a lost answer send the same bytes with the same key again: one order is never charged twice.",
    'Stop paying when an answer says "charged": true or "charged": null. A paid order is delivered without another payment.',
    `Source that does not bundle${service.startCheck ? " or start" : ""} is answered with 422 and its diagnostics, and costs nothing.`,
    `Everything else: ${service.origin}/llms.txt`
  ].join("\n")
