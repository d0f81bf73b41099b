import { PACKAGE_LIMITS } from "../../bundler/npm/limits.ts"
import { curlPay, curlQuote, mppxCommandWithKey, mppxOn, mppxRun, mppxUpdate, tempoCommand } from "./commands.ts"
import type { Capability } from "../../control-plane/ControlPlaneClient.ts"
import { MAX_SECRET_BYTES, MAX_SECRETS } from "../request/project/env.ts"
import { exampleDeployment, exampleProject, exampleResult } from "./example.ts"
import { bytes, type ServiceInfo, hours, offerList, tokenChoice } from "./service-info.ts"
import { chargedText, errorCatalog } from "./errors/error-catalog.ts"

const notConfiguredNote = ({ missing }: ServiceInfo): string =>
  missing.length === 0
    ? ""
    : `
**Not configured yet**: ${missing.join(", ")}. Paid endpoints are unavailable until this is fixed; \`GET /health\` says when.
`

const urlImports = ({ importHosts: [host, ...hosts] }: ServiceInfo): string =>
  host === undefined ? "" : ` By URL from ${[host, ...hosts].join(", ")}: \`import x from "https://${host}/x@1.2.3"\`.`

const packageLimits = ({ packages }: ServiceInfo): string =>
  packages === "on"
    ? `, packages included: at most ${PACKAGE_LIMITS.packages} packages, ${PACKAGE_LIMITS.fetchedBytes / 1024 ** 2} MiB fetched, ` +
      `${PACKAGE_LIMITS.moduleBytes / 1024 ** 2} MiB of code that is reached`
    : ""

/** The packages that code can import, in the words of the list of imports. */
const packageImports = ({ packages }: ServiceInfo): string =>
  packages === "on"
    ? `
- npm packages: \`import { z } from "zod"\`. \`dependencies\` of package.json name the versions, or the import does (\`"npm:zod@^3"\`); otherwise
  it is the latest. They are resolved as npm and wrangler do it, and checked against the registry's hashes; a package-lock.json that you send
  is followed. No install scripts, no native add-ons. The \`lock\` of the status repeats the same versions: send it as the file \`mpp.lock.json\`.
  Updates keep the versions. If the registry does not answer in time, the answer is 503 \`busy\`, free: send the call again.`
    : `
  No packages are installed${packages === "unknown" ? ", because this service knows no registry" : ""}: send the source of other packages as files.`

const executeSection = (service: ServiceInfo): string =>
  service.execute === undefined
    ? ""
    : `
## Run code once

\`POST /execute\` ($${service.execute.price}) with \`{"code": …, "input": …}\` runs the code now and answers its result. Nothing is deployed.

${offerList(service, service.execute.offers)}
${shell(service.tempo ? mppxRun(service) : undefined)}

\`code\` is one module, TypeScript or JavaScript, at most 512,000 bytes, that exports \`run(input)\`, sync or async, or a default function;
imports work as below. The answer is 200 with a \`Payment-Receipt\` header and

\`\`\`json
${JSON.stringify(exampleResult)}
\`\`\`

- The result is any JSON value up to 1 MiB. Limits: 50 ms of CPU, 10 s in all, the memory of a Worker (128 MB). No network, no secrets, no
  state: every run has its own isolate.
- Code that does not bundle, start or export a function is answered with 422 and costs nothing. Code that throws, exceeds a limit or returns
  something that is not JSON was run and is charged: 200 with \`{"error": {name, message, stack?}}\` in place of the result.
- Keys, retries and errors work as for a deploy. The output is kept for ${hours(service)}.
`

/** The keys of a configuration that ask for resources, each with the resource that it needs. */
const BINDINGS: ReadonlyArray<readonly [needs: Capability, words: string]> = [
  ["kv", "`kv_namespaces`"],
  ["d1", "one of `d1_databases` with its migrations (each applied once, in order)"],
  ["r2", "`r2_buckets`"],
  ["durable_objects", "`durable_objects` with `migrations` (three classes)"],
  ["assets", "`assets`"]
]

/** The section about projects with data: as much as this service gives. */
const projectSection = ({ resources, assetLimit }: ServiceInfo): string => {
  const gives = (needs: Capability) => resources.includes(needs)
  const bindings = BINDINGS.filter(([needs]) => gives(needs)).map(([, words]) => words)
  const example =
    gives("kv") && gives("d1") && gives("assets") && gives("secrets")
      ? `The names of bindings count; ids are ignored, because each deployment gets resources of its own:

\`\`\`json
${JSON.stringify(exampleProject, null, 1)}
\`\`\`
`
      : "The names of bindings count; ids are ignored, because each deployment gets resources of its own."
  const staticFiles = gives("assets")
    ? ` \`public/\`, \`dist/\` and the configured folder are static files: ${bytes(assetLimit)} and
  1,000 files beside the source. An index.html without a program is a static site.`
    : " This service serves no static files."
  return `## A project with data, secrets and static files

Send the project of wrangler as it is. ${example}
- wrangler.jsonc, .json or .toml: ${["`vars` (strings)", ...bindings].join(", ")}, \`define\`, \`alias\`, \`rules\`, dates and flags. Any other binding
  (queues, services, AI${gives("r2") ? "" : ", R2"}, …) is refused with 422, free, with its line. Keys without effect here are \`warnings\` of the status.
- A file is a string, or \`{"base64": "…"}\` for bytes.${staticFiles}
${
  gives("secrets")
    ? `- \`env\` has secrets, \`env.NAME\` in the code: names of letters, digits and _, at most ${MAX_SECRETS} values of at most ${MAX_SECRET_BYTES} bytes. No answer and no log has them;
  the service keeps them encrypted until the deployment ends. They are part of the body: the same call means the same \`env\`. The host sets them after
  the start: read them when a request comes.
`
    : ""
}- Data lives as long as the deployment. At \`expires_at\` it is deleted.
`
}

const errorTable = (service: ServiceInfo): string =>
  [
    "| code | status | charged | when | what to do |",
    "|---|---|---|---|---|",
    ...errorsOf(service).map((entry) => {
      const { code, status, when, advice } = entry
      return `| \`${code}\` | ${status} | ${chargedText(entry)} | ${when} | ${advice} |`
    })
  ].join("\n")

/** The errors of the endpoints that this service offers. */
const errorsOf = ({ execute }: ServiceInfo) =>
  errorCatalog().filter(({ tag }) => tag !== "ExecuteFailed" || execute !== undefined)

const shell = (command: string | undefined): string => (command === undefined ? "" : `\n\`\`\`sh\n${command}\n\`\`\`\n`)

/** Commands of the clients that can pay Tempo's challenges. For other payment methods the guide names no client. */
const clients = (service: ServiceInfo): string =>
  service.tempo
    ? `With mppx (a private key of a funded account in \`MPPX_PRIVATE_KEY\`); keep \`KEY\`, it makes the call safe to repeat:
${shell(mppxCommandWithKey(service))}
With Tempo's command line (after \`tempo wallet login\`):
${shell(tempoCommand(service))}
`
    : ""

const signingAdvice = ({ tempo }: ServiceInfo): string =>
  tempo
    ? `Sign the challenge with any MPP client (pull mode: you sign the transfer, the server sends it). Repeat the same call, byte for byte, at
once: a client's signature is valid for 25 seconds, and 10 must be left when the call arrives:`
    : `Answer the challenge as its method says, and repeat the same call, byte for byte, before the challenge's \`expires\`:`

/** The text of `GET /llms.txt`: everything that an agent needs to know if it has only the address. */
export const llmsTxt = (service: ServiceInfo): string => guide(service).replace(/\n{3,}/g, "\n\n")

const guide = (service: ServiceInfo): string => `# mpp-compute

> POST source files and $${service.price}; get a URL that runs them for ${hours(service)}. No account, no API key: payment is MPP (HTTP 402,
> \`Authorization: Payment\`) in ${service.currency}. You pay only for deployments that go live: source that does not bundle${service.startCheck ? " or does not start" : ""} costs nothing.
${notConfiguredNote(service)}
## Price

$${service.price} for a deploy or a renewal${service.execute === undefined ? "" : `, $${service.execute.price} for a run`}. Everything else is free, updates of a deployment included.

${offerList(service, service.offers)}

A POST to /deploy without a body quotes the price (402, challenge in \`WWW-Authenticate\`). The challenge is authoritative.
${tokenChoice(service)}
There is one payment method. It is offered even to clients whose \`Accept-Payment\` does not list it.

## Deploy

${clients(service)}With curl, ask for the price of exactly this body:
${shell(curlQuote(service))}
${signingAdvice(service)}
${shell(curlPay(service))}

The answer is 200 with a \`Payment-Receipt\` header and

\`\`\`json
${JSON.stringify(exampleDeployment)}
\`\`\`

\`GET /deployments/{deployment_id}\` (free) says \`delivering\`, \`live\`, \`failed\`, \`expired\` or \`deleted\`, and whether money has moved; \`verified_at\` when the code answered at
its URL by HEAD, whatever it answered: the service asks it once after each upload.
Its \`warnings\` are the compiler's: probable mistakes in code that builds.

## Newer code at the same URL

\`PUT /deployments/{deployment_id}\` with \`{"files": …}\`, \`{"env": …}\` or both replaces code and secrets for free and keeps the same \`expires_at\`. Data and
secrets that are not sent again stay; \`env\` alone keeps the code. Only the payer may do this. It answers 402 with a
challenge of amount 0. Sign it with the private key that paid (stock clients do: a proof that moves no money), and send the call again.
${shell(service.tempo ? mppxUpdate(service) : undefined)}
To change single files send \`{"changes": {"src/index.ts": "…", "old.ts": null}}\` in place of \`files\`: null removes a file, and all others stay as they were
sent last. \`GET /deployments/{deployment_id}/files\` with a proof answers that source and its \`ETag\`; with \`If-Match\` an update is refused (412) if the source is another.

\`GET /deployments/{deployment_id}/logs\` with a proof streams what the code logs and throws from now on, as server-sent events, for at most an hour. Each has
\`{"type": "event", "outcome", "request", "logs": [{"level", "message"}], "exceptions": [{"name", "message"}]}\`; ignore other types. Nothing is kept, so open the log before you call the site:
${shell(service.tempo ? mppxOn(service, "GET", "/logs") : undefined)}

\`POST /deployments/{deployment_id}/renew\` without a body ($${service.price}) makes \`expires_at\` later by ${hours(service)}. Anybody may pay. It is an order of its own: a key
repeats it for free, and another key buys another. It may reach ${service.maxDays} days ahead:
${shell(service.tempo ? mppxOn(service, "POST", "/renew") : undefined)}
\`DELETE /deployments/{deployment_id}\` with a proof ends a deployment at once and for good, with its data. Nothing is paid back.
${shell(service.tempo ? mppxOn(service, "DELETE") : undefined)}
\`GET /deployments\` with a proof answers \`{"deployments": [status…], "next"}\`: what this key has paid for, newest first, ended ones for a week. There are at most 100 in
an answer; \`?before=\` with its \`next\` has older ones. A proof is good for one page.
${executeSection(service)}
## As tools of MCP

\`POST /mcp\` has the same as tools (streamable HTTP, no sessions). The arguments are \`deployment_id\` and the fields of the body. A tool that takes a payment
or a proof answers the error -32042 with \`data.challenges\`: call the tool again with the answer in \`_meta["org.paymentauth/credential"]\`${
  service.tempo ? ", as `McpClient.wrap` of `mppx/mcp/client` does by itself" : ""
}. \`_meta["idempotency-key"]\` is the Idempotency-Key. A call and the HTTP request with the body
\`JSON.stringify(arguments)\` and the same key are one order. A result with \`isError\` has the problem as JSON text.

## Report a deployment

\`POST /reports\` (free) with \`{"url": …}\` or \`{"deployment_id": …}\`, a \`reason\`, and perhaps a \`contact\`, tells the operator of this service about a deployment that
harms somebody. The answer is 202. The status of a deployment that the operator has taken down is \`deleted\`, and its \`taken_down\` has the reason: do not deploy it again.

## What can be deployed

- A web service: an entrypoint whose default export has \`fetch(request)\`, or is a Hono app. TypeScript, JSX and JSON are fine.
- Files work as with wrangler: tsconfig.json, \`node_modules\` and workspaces that you send, import attributes, Node's globals.
- The entrypoint is \`main\` of wrangler.jsonc, or \`exports\`, \`module\` or \`main\` of package.json, or the first of src/index, index, src/worker, worker with .ts, .tsx, .js, .jsx, .mts, .mjs.
- Imports that work: relative paths among your files; \`hono\` and its server-side modules (\`hono/cors\`, \`hono/jwt\`, …), which are
  provided; Node's own modules (\`node:crypto\`, …) and \`cloudflare:\` ones.${urlImports(service)}${packageImports(service)}
- \`name\` (optional) becomes part of the URL: a-z, 0-9 and hyphens, cut at 23 characters. If it is taken, a suffix is added.

${projectSection(service)}
## Limits

- 512,000 bytes of source (UTF-8), 500 files, a body of 4 MiB; paths are relative, without \`..\`.
- One payer may have ${service.maxLive} deployments at once, live or being bought.
- One payer may have 4 attempts to pay in progress, and 60 failed ones within an hour. Updates are counted separately. Paid orders are not
  limited.
- 15 seconds to bundle${packageLimits(service)}. The deployment lives ${hours(service)} from the moment it is live.

## Never pay twice

Send an \`Idempotency-Key\` (a UUID) with the deploy. **After a lost answer, a reset or a timeout, send the same body, byte for
byte, with the same key again**. A finished order is answered again (with \`Idempotent-Replayed: true\`), a paid order is finished, and neither is charged again. Another body,
even by one blank, is another order and costs again. If you sent no key, use \`retry.idempotency_key\` of the answer, if you got one. If you
start over with the same body while your paid order is unfinished, you get that order instead of a second one.

A 502 \`deploy_failed\` with \`"charged": false\` took no money: the host could not deliver when it was asked, before the payment. Wait, and
send the same call again.

Stop paying when an answer says \`"charged": true\` or \`"charged": null\`: a paid order is delivered without another payment.

## Errors

Errors are \`application/problem+json\` with \`type\`, \`title\`, \`status\`, \`detail\` (what is wrong and what to do), \`code\` and \`charged\`: whether
the order's money has moved, \`null\` while the chain has not confirmed it.

${errorTable(service)}

## More

- [OpenAPI](${service.origin}/openapi.json): schemas, an example of every answer, \`x-payment-info\`
- [Health](${service.origin}/health): whether everything is configured
${service.contact === undefined ? "" : `- Contact: ${service.contact}\n`}`
