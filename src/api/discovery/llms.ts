import { curlPay, curlQuote, mppxCommandWithKey, mppxRun, mppxUpdate, tempoCommand } from "./commands.ts"
import { exampleDeployment, exampleResult } from "./example.ts"
import { type ServiceInfo, hours } from "./service-info.ts"
import { chargedText, errorCatalog } from "./error-catalog.ts"

const notConfiguredNote = ({ missing }: ServiceInfo): string =>
  missing.length === 0
    ? ""
    : `
**Not configured yet**: ${missing.join(", ")}. Nothing can be bought until that is set; \`GET /health\` tells.
`

const offerList = (service: ServiceInfo, offers: ServiceInfo["offers"]): string =>
  offers
    .map(
      ({ method, intent, amount, currency }) =>
        `- method \`${method}\`, intent \`${intent}\`, amount \`${amount}\` base units of \`${currency}\`` +
        (service.tempo ? ` (6 decimals), on ${service.network}` : "")
    )
    .join("\n")

const urlImports = ({ importHosts: [host, ...hosts] }: ServiceInfo): string =>
  host === undefined ? "" : ` By URL from ${[host, ...hosts].join(", ")}: \`import x from "https://${host}/x@1.2.3"\`.`

const executeSection = (service: ServiceInfo): string =>
  service.execute === undefined
    ? ""
    : `
## Run code once

\`POST /execute\` ($${service.execute.price}) with \`{"code": …, "input": …}\` runs the code now and answers its result; nothing stays behind.

${offerList(service, service.execute.offers)}
${shell(service.tempo ? mppxRun(service) : undefined)}

\`code\` is one module, TypeScript or JavaScript, at most 512,000 bytes, that exports \`run(input)\`, sync or async, or a default function;
imports work as below. The answer is 200 with a \`Payment-Receipt\` header and

\`\`\`json
${JSON.stringify(exampleResult)}
\`\`\`

- The result is any JSON value up to 1 MiB. Limits: 50 ms of CPU, 10 s in all, the memory of a Worker (128 MB). No network, no secrets, no
  state: every run has an isolate of its own.
- Code that does not bundle, start or export a function is 422, and free. What throws, goes over a limit, or returns what JSON cannot say
  was run: 200 with \`{"error": {name, message, stack?}}\` in the result's place, and it is charged.
- Keys, retries and errors are as for a deploy; the output is kept for ${hours(service)}.
`

const errorTable = (service: ServiceInfo): string =>
  [
    "| code | status | charged | when | what to do |",
    "|---|---|---|---|---|",
    ...errorsOf(service).map((entry) => {
      const { code, status, when, advice } = entry
      return `| \`${code}\` | ${status} | ${chargedText(entry)} | ${when} | ${advice} |`
    })
  ].join("\n")

/** The errors of what is for sale here. */
const errorsOf = ({ execute }: ServiceInfo) =>
  errorCatalog().filter(({ tag }) => tag !== "ExecuteFailed" || execute !== undefined)

const shell = (command: string | undefined): string => (command === undefined ? "" : `\n\`\`\`sh\n${command}\n\`\`\`\n`)

/** The clients that are known to pay Tempo's challenges. Whoever takes money in another way says elsewhere how. */
const clients = (service: ServiceInfo): string =>
  service.tempo
    ? `With mppx (a private key of a funded account in \`MPPX_PRIVATE_KEY\`); keep the key, it makes the call safe to repeat:
${shell(mppxCommandWithKey(service))}
With Tempo's command line (after \`tempo wallet login\`):
${shell(tempoCommand(service))}
`
    : ""

const signingAdvice = ({ tempo }: ServiceInfo): string =>
  tempo
    ? `Sign the challenge with any MPP client (pull mode: you sign the transfer, the server sends it), and repeat the same call, byte for
byte, at once: clients sign for 25 seconds, and 10 have to be left when the call arrives:`
    : `Answer the challenge as its method wants, and repeat the same call, byte for byte, within the challenge's \`expires\`:`

/** The text of `GET /llms.txt`: all that an agent has to know, which has nothing but the address. */
export const llmsTxt = (service: ServiceInfo): string => guide(service).replace(/\n{3,}/g, "\n\n")

const guide = (service: ServiceInfo): string => `# mpp-compute

> POST source files and $${service.price}; get a URL that runs them for ${hours(service)}. No account, no API key: payment is MPP (HTTP 402,
> \`Authorization: Payment\`) in ${service.currency}. You pay only for what goes live: source that does not bundle${service.startCheck ? " or does not start" : ""} costs nothing.
${notConfiguredNote(service)}
## Price

$${service.price} for a deploy${service.execute === undefined ? "" : `, $${service.execute.price} for a run`}. Everything else is free, newer code for what was deployed included.

${offerList(service, service.offers)}

A POST to /deploy with no body at all quotes the price (402, challenge in \`WWW-Authenticate\`). The challenge is authoritative.
\`Accept-Payment\` is read; as there is one method, it is offered even to clients that do not list it.

## Deploy

${clients(service)}With curl, for the price of exactly this body:
${shell(curlQuote(service))}
${signingAdvice(service)}
${shell(curlPay(service))}

The answer is 200 with a \`Payment-Receipt\` header and

\`\`\`json
${JSON.stringify(exampleDeployment)}
\`\`\`

\`GET /deployments/{deployment_id}\` (free) says \`delivering\`, \`live\`, \`failed\` or \`expired\`, and whether money has moved.
Its \`warnings\` are what the compiler thinks is a mistake in code that builds all the same.

## Newer code at the same URL

\`PUT /deployments/{deployment_id}\` with \`{"files": …}\` replaces the code, free, until the same hour; only whoever paid may. It answers 402 with a
challenge of amount 0: answer it with the private key that paid (stock clients do, by signing a proof that moves no money), and send the call again.
${shell(service.tempo ? mppxUpdate(service) : undefined)}${executeSection(service)}
## What can be deployed

- A web service: an entrypoint whose default export has \`fetch(request)\`, or is a Hono app. TypeScript, JSX and JSON are fine.
- Files mean what they mean to wrangler: tsconfig.json, \`node_modules\` and workspaces that you send, import attributes, Node's globals.
- The entrypoint is \`main\` of wrangler.jsonc, or \`exports\`, \`module\` or \`main\` of package.json, or the first of src/index, index, src/worker, worker with .ts, .tsx, .js, .jsx, .mts, .mjs.
- Imports that work: relative paths among your files; \`hono\` and its server-side modules (\`hono/cors\`, \`hono/jwt\`, …), which are
  provided; Node's own modules (\`node:crypto\`, …) and \`cloudflare:\` ones.${urlImports(service)}
  No packages are installed: send the source of what is missing as a file.
- \`name\` (optional) becomes part of the URL: a-z, 0-9 and hyphens, cut at 23 characters; when it is taken, a suffix is added.

## Limits

- 512,000 bytes of source (UTF-8), 500 files, a body of 4 MiB; paths are relative, without \`..\`.
- One payer may have 4 attempts to pay in progress, and 60 within an hour that fail; updates are counted by themselves. What was paid for is
  served all the same.
- 15 seconds to bundle. The deployment lives ${hours(service)} from the moment it is live.

## Never pay twice

Send an \`Idempotency-Key\` (a UUID) with the deploy. **After a lost answer, a reset or a timeout, send the same body, byte for
byte, with the same key again**: what was finished is answered again, what was paid for is finished, and neither is charged again. Another
body, be it by a blank, is another order and costs again. Without a key of your own,
use the one in \`retry.idempotency_key\` of the answer, if you had one. A client that starts over with the same body while
its paid order is unfinished is given that order instead of a second one.

A 502 \`deploy_failed\` with \`"charged": false\` took nothing: the host was asked before the payment, and could not deliver. Wait, and send
the same call again.

Stop paying when an answer says \`"charged": true\` or \`"charged": null\`: what is owed is delivered without another payment.

## Errors

All are \`application/problem+json\` with \`type\`, \`title\`, \`status\`, \`detail\` (what is wrong and what to do), \`code\` and \`charged\`: whether
the order's money has moved, \`null\` while the chain has not said.

${errorTable(service)}

## More

- [OpenAPI](${service.origin}/openapi.json): schemas, an example of every answer, \`x-payment-info\`
- [Health](${service.origin}/health): whether everything is configured
`
