import { curlQuote, mppxCommand, reportCommand } from "./commands.ts"
import { type ServiceInfo, hours } from "./service-info.ts"

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}

const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? character)

const style = `
:root { color-scheme: light dark; --line: #d5d9e0; --soft: #f3f5f8; --dim: #555e6e; --link: #0b57d0; --up: #12692d; --down: #9a3412 }
@media (prefers-color-scheme: dark) {
  :root { --line: #363c47; --soft: #1b1f26; --dim: #a7b0be; --link: #8ab4f8; --up: #79d492; --down: #ffb38a }
  body { background: #111418; color: #e8eaed }
}
* { box-sizing: border-box }
body { margin: 0; font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere }
main { max-width: 44rem; margin: 0 auto; padding: 2.5rem 1.25rem }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2 }
h2 { margin: 2rem 0 .5rem; font-size: 1.1rem }
p { margin: .75rem 0 }
a { color: var(--link) }
.dim { color: var(--dim) }
.up { color: var(--up) } .down { color: var(--down) }
pre { margin: .5rem 0; padding: 1rem; background: var(--soft); border: 1px solid var(--line); border-radius: .5rem;
  font: .875rem/1.5 ui-monospace, monospace; white-space: pre-wrap; user-select: all }
ul { margin: .5rem 0; padding-left: 1.25rem }
`

const configuredLine = ({ missing }: ServiceInfo): string =>
  missing.length === 0
    ? '<p class="up"><strong>Up.</strong> You can deploy now.</p>'
    : `<p class="down"><strong>Not configured.</strong> Missing: ${escape(missing.join(", "))}.</p>`

const executeOffer = ({ execute }: ServiceInfo): string =>
  execute === undefined
    ? ""
    : `<p>Or POST a function and <strong>$${escape(execute.price)}</strong> to <code>/execute</code>, and get the result of one run.</p>\n`

/**
 * The page for people. It has no script and fetches nothing. It is readable on a phone and on a desktop, in dark and light
 * mode.
 */
export const page = (service: ServiceInfo): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="POST source files and $${escape(service.price)}; get a URL that runs them for ${hours(service)}.">
<title>mpp-compute: code that runs now</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>Code that runs <em>now</em></h1>
<p>POST source files and <strong>$${escape(service.price)}</strong>; get a URL that runs them for <strong>${hours(service)}</strong>. No account, no API key.</p>
${executeOffer(service)}${configuredLine(service)}
<h2>Try it</h2>
${service.tempo ? "<p>With the private key of a funded account in <code>MPPX_PRIVATE_KEY</code>:</p>" : "<p>Ask what it costs:</p>"}
<pre><code>${escape(service.tempo ? mppxCommand(service) : curlQuote(service))}</code></pre>
<p class="dim">Paid by MPP (HTTP 402) in ${escape(service.currency)} on ${escape(service.network)}. You pay only for deployments that go live. A paid deployment is never lost or charged twice.</p>
<h2>For programs</h2>
<ul>
<li><a href="/llms.txt">llms.txt</a>: the whole guide, for agents</li>
<li><a href="/openapi.json">openapi.json</a>: schemas, prices, an example of every answer</li>
<li><a href="/health">health</a>: whether everything is configured</li>
</ul>
<h2>Report a site</h2>
<p>A site that harms somebody? Report it to the operator:</p>
<pre><code>${escape(reportCommand(service))}</code></pre>
</main>
</body>
</html>
`

/** The page loads nothing and runs nothing. */
export const pageHeaders = {
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff"
}
