import { createHash } from "node:crypto"
import { Html, html, type Value } from "./html.ts"

const STYLE = `
:root { color-scheme: light dark; --line: #d5d9e0; --soft: #f3f5f8; --dim: #555e6e; --link: #0b57d0; --up: #12692d; --down: #9a3412 }
@media (prefers-color-scheme: dark) {
  :root { --line: #363c47; --soft: #1b1f26; --dim: #a7b0be; --link: #8ab4f8; --up: #79d492; --down: #ffb38a }
  body { background: #111418; color: #e8eaed }
}
* { box-sizing: border-box }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
header, main { max-width: 64rem; margin: 0 auto; padding: 1rem 1.25rem }
header { border-bottom: 1px solid var(--line) }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 0; padding: 0; list-style: none }
h1 { margin: .5rem 0 1rem; font-size: 1.5rem; line-height: 1.2 }
h2 { margin: 2rem 0 .5rem; font-size: 1.1rem }
p { margin: .5rem 0 }
a { color: var(--link) }
.dim { color: var(--dim) } .up { color: var(--up) } .down { color: var(--down) }
form { margin: .75rem 0; display: flex; flex-wrap: wrap; gap: .5rem; align-items: end }
label { display: block; flex: 1 1 16rem }
input { display: block; width: 100%; font: inherit; padding: .4rem .5rem; color: inherit; background: var(--soft);
  border: 1px solid var(--dim); border-radius: .3rem }
button { font: inherit; padding: .4rem .9rem; color: inherit; background: var(--soft); border: 1px solid var(--dim);
  border-radius: .3rem; cursor: pointer }
ul.rows { margin: .5rem 0; padding: 0; list-style: none }
ul.rows > li { padding: .6rem 0; border-top: 1px solid var(--line) }
dl { display: grid; grid-template-columns: minmax(6rem, max-content) 1fr; gap: .25rem 1rem; margin: .5rem 0 }
dt { color: var(--dim) } dd { margin: 0; min-width: 0 }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-top: 1px solid var(--line); vertical-align: top }
`

// The policy of the page has the hash of exactly this text.
const STYLE_ELEMENT = new Html(`<style>${STYLE}</style>`)

const PLACES = [
  ["/operator", "Live"],
  ["/operator/owed", "Owed"],
  ["/operator/sold", "Sold"],
  ["/operator/reports", "Reports"]
] as const

/** Makes a page of the operator: no script, nothing from other origins, readable on a phone and on a desktop. */
export const layout = (title: string, content: Value, current?: string): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title} &middot; operator</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        <header>
          <nav aria-label="Operator">
            <ul>
              ${PLACES.map(
                ([path, name]) =>
                  html`<li><a href="${path}" ${path === current && html` aria-current="page"`}>${name}</a></li>`
              )}
            </ul>
          </nav>
          <form action="/operator/find" method="get" role="search">
            <label>Deployment id, URL or payer <input name="q" required maxlength="300" autocomplete="off" /></label>
            <button>Find</button>
          </form>
        </header>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html> `.text

// The first page makes it.
let headers: Readonly<Record<string, string>> | undefined

/**
 * The headers of every answer of the operator. A page runs nothing, loads nothing, stands in no frame, and posts its forms here alone.
 * Browsers send `Origin: null` with a form under `no-referrer`, so the policy is `same-origin`.
 */
export const securityHeaders = (): Readonly<Record<string, string>> =>
  (headers ??= {
    "cache-control": "no-store",
    "content-security-policy":
      `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; ` +
      "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY"
  })
