import { timestamp } from "../../../domain/Order.ts"
import type { LiveRow, OwedRow, ReportRow } from "../../../records/rows.ts"
import { type Html, html } from "./html.ts"

/** A link to a deployment's page. */
export const deploymentLink = (id: string): Html => html`<a href="/operator/deployments/${id}">${id}</a>`

/** A link to a payer's page. */
export const payerLink = (address: string): Html =>
  address === "" ? html`unknown` : html`<a href="/operator/payers/${address}">${address}</a>`

/** A link to a site of strangers, which learns nothing about the page it comes from. */
export const siteLink = (url: string): Html => html`<a href="${url}" rel="noopener noreferrer nofollow">${url}</a>`

/** A time, in UTC. */
export const time = (millis: number): Html => html`<time datetime="${timestamp(millis)}">${timestamp(millis)}</time>`

/** A list of rows, or a sentence if there are none. */
export const rowList = (rows: ReadonlyArray<Html>, none: string): Html =>
  rows.length === 0
    ? html`<p class="dim">${none}</p>`
    : html`<ul class="rows">
        ${rows.map((row) => html`<li>${row}</li>`)}
      </ul>`

/** A link to the rows after these; nothing at the end. */
export const nextLink = (path: string, cursor: string | null): Html =>
  cursor === null ? html`` : html`<p><a href="${path}?cursor=${encodeURIComponent(cursor)}">Next page</a></p>`

/** A live deployment. */
export const liveRow = ({ deployment_id, url, payer, created_at, expires_at }: LiveRow): Html =>
  html` <div>${siteLink(url)}</div>
    <div>${deploymentLink(deployment_id)}</div>
    <div class="dim">Paid ${time(created_at)} by ${payerLink(payer)}; ends ${time(expires_at)}</div>`

/** An amount with its token. */
export const money = (amount: string | null, token: string | null): Html =>
  html`${amount === null ? "an unknown amount" : `$${amount}`}${token !== null && html` in ${token}`}`

/** A report, with or without a link to its deployment. */
export const reportRow = ({ deployment_id, reason, contact, at, dropped }: ReportRow, linked = true): Html =>
  html` <div>${reason}</div>
    <div class="dim">
      ${time(at)}${linked && html`, about ${deploymentLink(deployment_id)}`}${contact !== null && html`, from ${contact}`}${
        dropped > 0 && html`; at least ${dropped} before it ${dropped === 1 ? "was" : "were"} replaced`
      }
    </div>`

/** Says what each state of an owed payment asks of the operator. */
const OWED: Readonly<Record<OwedRow["state"], string>> = {
  retrying: "The service tries again by itself",
  waiting: "Waits for its payer",
  refund: "Pay it back by hand"
}

/** A payment that its payer has nothing for. */
export const owedRow = ({
  deployment_id,
  id,
  operation,
  payer,
  amount,
  token,
  reference,
  at,
  state,
  why
}: OwedRow): Html =>
  html` <div>
      <strong>${OWED[state]}</strong>: ${money(amount, token)} for
      ${operation === "execute" ? "a run" : operation === "renew" ? "a renewal of" : "the deploy"}
      ${deployment_id === null ? id : deploymentLink(deployment_id)}
    </div>
    <div>${why}</div>
    <div class="dim">${time(at)}, by ${payerLink(payer)}, transaction ${reference}</div>`
