import { curlPay, curlQuote, mppxKeyed, mppxRun, mppxUpdate, tempoCommand } from "./commands.ts"
import { exampleDeployment, exampleResult } from "./example.ts"
import { type Facts, hours } from "./service-info.ts"
import { chargedText, problems } from "./error-catalog.ts"

const notForSale = ({ missing }: Facts): string =>
  missing.length === 0
    ? ""
    : `
**Not configured yet**: ${missing.join(", ")}. Nothing can be bought until that is set; \`GET /health\` tells.
`

const listed = (facts: Facts, offers: Facts["offers"]): string =>
  offers
    .map(
      ({ method, intent, amount, currency }) =>
        `- method \`${method}\`, intent \`${intent}\`, amount \`${amount}\` base units of \`${currency}\`` +
        (facts.tempo ? ` (6 decimals), on ${facts.network}` : "")
    )
    .join("\n")

const byUrl = ({ importHosts: [host, ...hosts] }: Facts): string =>
  host === undefined ? "" : ` By URL from ${[host, ...hosts].join(", ")}: \`import x from "https://${host}/x@1.2.3"\`.`

const running = (facts: Facts): string =>
  facts.execute === undefined
    ? ""
    : `
## Run code once

\`POST /execute\` ($${facts.execute.price}) with \`{"code": …, "input": …}\` runs the code now and answers its result; nothing stays behind.

${listed(facts, facts.execute.offers)}
${shell(facts.tempo ? mppxRun(facts) : undefined)}

\`code\` is one module, TypeScript or JavaScript, at most 512,000 bytes, that exports \`run(input)\`, sync or async, or a default function;
imports work as below. The answer is 200 with a \`Payment-Receipt\` header and

\`\`\`json
${JSON.stringify(exampleResult)}
\`\`\`

- The result is any JSON value up to 1 MiB. Limits: 50 ms of CPU, 10 s in all, the memory of a Worker (128 MB). No network, no secrets, no
  state: every run has an isolate of its own.
- Code that does not bundle, start or export a function is 422, and free. What throws, goes over a limit, or returns what JSON cannot say
  was run: 200 with \`{"error": {name, message, stack?}}\` in the result's place, and it is charged.
- Keys, retries and errors are as for a deploy; the output is kept for ${hours(facts)}.
`

const table = (facts: Facts): string =>
  [
    "| code | status | charged | when | what to do |",
    "|---|---|---|---|---|",
    ...problemsOf(facts).map((problem) => {
      const { code, status, when, advice } = problem
      return `| \`${code}\` | ${status} | ${chargedText(problem)} | ${when} | ${advice} |`
    })
  ].join("\n")

/** The errors of what is for sale here. */
const problemsOf = ({ execute }: Facts) =>
  problems().filter(({ tag }) => tag !== "ExecuteFailed" || execute !== undefined)

const shell = (command: string | undefined): string => (command === undefined ? "" : `\n\`\`\`sh\n${command}\n\`\`\`\n`)

/** The clients that are known to pay Tempo's challenges. Whoever takes money in another way says elsewhere how. */
const clients = (facts: Facts): string =>
  facts.tempo
    ? `With mppx (a private key of a funded account in \`MPPX_PRIVATE_KEY\`); keep the key, it makes the call safe to repeat:
${shell(mppxKeyed(facts))}
With Tempo's command line (after \`tempo wallet login\`):
${shell(tempoCommand(facts))}
`
    : ""

const signing = ({ tempo }: Facts): string =>
  tempo
    ? `Sign the challenge with any MPP client (pull mode: you sign the transfer, the server sends it), and repeat the same call, byte for
byte, at once: clients sign for 25 seconds, and 10 have to be left when the call arrives:`
    : `Answer the challenge as its method wants, and repeat the same call, byte for byte, within the challenge's \`expires\`:`

/** The text of `GET /llms.txt`: all that an agent has to know, which has nothing but the address. */
export const llmsTxt = (facts: Facts): string => guide(facts).replace(/\n{3,}/g, "\n\n")

const guide = (facts: Facts): string => `# mpp-compute

> POST source files and $${facts.price}; get a URL that runs them for ${hours(facts)}. No account, no API key: payment is MPP (HTTP 402,
> \`Authorization: Payment\`) in ${facts.currency}. You pay only for what goes live: source that does not bundle${facts.startCheck ? " or does not start" : ""} costs nothing.
${notForSale(facts)}
## Price

$${facts.price} for a deploy${facts.execute === undefined ? "" : `, $${facts.execute.price} for a run`}. Everything else is free, newer code for what was deployed included.

${listed(facts, facts.offers)}

A POST to /deploy with no body at all quotes the price (402, challenge in \`WWW-Authenticate\`). The challenge is authoritative.
\`Accept-Payment\` is read; as there is one method, it is offered even to clients that do not list it.

## Deploy

${clients(facts)}With curl, for the price of exactly this body:
${shell(curlQuote(facts))}
${signing(facts)}
${shell(curlPay(facts))}

The answer is 200 with a \`Payment-Receipt\` header and

\`\`\`json
${JSON.stringify(exampleDeployment)}
\`\`\`

\`GET /deployments/{deployment_id}\` (free) says \`delivering\`, \`live\`, \`failed\` or \`expired\`, and whether money has moved.
Its \`warnings\` are what the compiler thinks is a mistake in code that builds all the same.

## Newer code at the same URL

\`PUT /deployments/{deployment_id}\` with \`{"files": …}\` replaces the code, free, until the same hour; only whoever paid may. It answers 402 with a
challenge of amount 0: answer it with the private key that paid (stock clients do, by signing a proof that moves no money), and send the call again.
${shell(facts.tempo ? mppxUpdate(facts) : undefined)}${running(facts)}
## What can be deployed

- A web service: an entrypoint whose default export has \`fetch(request)\`, or is a Hono app. TypeScript, JSX and JSON are fine.
- Files mean what they mean to wrangler: tsconfig.json, \`node_modules\` and workspaces that you send, import attributes, Node's globals.
- The entrypoint is \`main\` of wrangler.jsonc, or \`exports\`, \`module\` or \`main\` of package.json, or the first of src/index, index, src/worker, worker with .ts, .tsx, .js, .jsx, .mts, .mjs.
- Imports that work: relative paths among your files; \`hono\` and its server-side modules (\`hono/cors\`, \`hono/jwt\`, …), which are
  provided; Node's own modules (\`node:crypto\`, …) and \`cloudflare:\` ones.${byUrl(facts)}
  No packages are installed: send the source of what is missing as a file.
- \`name\` (optional) becomes part of the URL: a-z, 0-9 and hyphens, cut at 23 characters; when it is taken, a suffix is added.

## Limits

- 512,000 bytes of source (UTF-8), 500 files, a body of 4 MiB; paths are relative, without \`..\`.
- One payer may have 4 attempts to pay in progress, and 60 within an hour that fail; updates are counted by themselves. What was paid for is
  served all the same.
- 15 seconds to bundle. The deployment lives ${hours(facts)} from the moment it is live.

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

${table(facts)}

## More

- [OpenAPI](${facts.origin}/openapi.json): schemas, an example of every answer, \`x-payment-info\`
- [Health](${facts.origin}/health): whether everything is configured
`
