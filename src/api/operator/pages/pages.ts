import { isEnded } from "../../../domain/Status.ts"
import type { Page } from "../../../records/Records.ts"
import type { OwedRow, ReportRow } from "../../../records/rows.ts"
import type { soldView } from "../sales.ts"
import type { deploymentView, overview } from "../views.ts"
import type * as Effect from "effect/Effect"
import { actionForm, type FormSecret } from "./forms.ts"
import { type Html, html } from "./html.ts"
import { deniedList, salesBox } from "./payer.ts"
import { layout } from "./layout.ts"
import { liveRow, money, nextLink, owedRow, payerLink, reportRow, rowList, siteLink } from "./rows.ts"

type View<F extends (...values: never) => Effect.Effect<unknown, unknown, unknown>> = Effect.Success<ReturnType<F>>

const counted = ({ count, more }: { readonly count: number; readonly more: boolean }) => `${count}${more ? "+" : ""}`

/** The first page: what is live, newest first. */
export const overviewPage = ({ sales, live, owed, reports }: View<typeof overview>, secret: FormSecret): string =>
  layout(
    "Live deployments",
    html` <p>
        <a href="/operator/owed">${counted(owed)} owed</a>,
        <a href="/operator/reports">${counted(reports)} ${reports.count === 1 ? "report" : "reports"}</a>.
      </p>
      ${salesBox(sales, secret)}
      <h2>The newest first</h2>
      ${rowList(live.rows.map(liveRow), "Nothing is live.")} ${nextLink("/operator", live.cursor)}
      <p class="dim">A deployment appears here within a minute.</p>
      ${deniedList(sales)}`,
    "/operator"
  )

const field = (name: string, value: Html | string | number | null): Html =>
  value === null
    ? html``
    : html`<dt>${name}</dt>
        <dd>${value}</dd>`

/** One deployment, with its reports and the way to end it. */
export const deploymentPage = (view: View<typeof deploymentView>, secret: FormSecret): string => {
  const { status, payer, project_id, amount, reference, renewals, reports } = view
  const { deployment_id: id } = status
  return layout(
    `Deployment ${id}`,
    html` <dl>
        ${field("Status", html`<strong class="${status.status === "live" ? "up" : "down"}">${status.status}</strong>`)}
        ${field("Taken down", status.taken_down)} ${field("URL", status.url === null ? null : siteLink(status.url))}
        ${field("Payer", payerLink(payer))}
        ${field("Paid", html`${status.created_at}: ${money(amount, null)}, transaction ${reference}`)}
        ${field("Ends", status.expires_at)} ${field("Last failure", status.last_failure)}
        ${field("Project", project_id)}
        ${renewals.map((renewal) => field("Renewal", `${renewal.hours} hours, transaction ${renewal.reference}`))}
      </dl>
      ${
        isEnded(status)
          ? html`<p>It has ended. There is nothing to take down.</p>`
          : html`<h2>Take it down</h2>
              <p>It ends at once and for good, with its data. Everybody who has its id can read the reason.</p>
              ${actionForm(secret, `/operator/deployments/${id}/takedown`, "Take it down", "Reason")}`
      }
      <h2>Reports</h2>
      ${rowList(
        reports.map((report) => reportRow(report, false)),
        "Nobody has reported it."
      )}`
  )
}

/** The payments that are owed, and why. */
export const owedPage = ({ rows, cursor }: Page<OwedRow>, secret: FormSecret): string =>
  layout(
    "Owed",
    html` <p>
        Payments that their payers have nothing for at present. The service holds no money: to pay somebody back,
        transfer it by hand from your own wallet.
      </p>
      ${rowList(
        rows.map((row) =>
          row.state === "refund"
            ? html`${owedRow(row)}${actionForm(secret, `/operator/owed/${row.id}/settle`, "I have paid it back")}`
            : owedRow(row)
        ),
        "Nothing is owed."
      )}
      ${nextLink("/operator/owed", cursor)}`,
    "/operator/owed"
  )

/** The sales, by day. */
export const soldPage = ({ days }: { readonly days: View<typeof soldView> }): string =>
  layout(
    "Sold",
    html` <table>
        <thead>
          <tr>
            <th scope="col">Day (UTC)</th>
            <th scope="col">Sales</th>
            <th scope="col">Amount by token</th>
          </tr>
        </thead>
        <tbody>
          ${days.map(
            ({ day, count, amounts, complete }) =>
              html` <tr>
                <th scope="row">${day}</th>
                <td>${count}${!complete && "+"}</td>
                <td>${amounts.map((sum) => html`<div>${money(sum.amount, sum.name)}</div>`)}</td>
              </tr>`
          )}
        </tbody>
      </table>
      <p class="dim">
        The chain is the book of record. These counts may lack a sale whose record could not be written.
      </p>`,
    "/operator/sold"
  )

/** The reports. */
export const reportsPage = ({ rows, cursor }: Page<ReportRow>): string =>
  layout(
    "Reports",
    html` ${rowList(
      rows.map((row) => reportRow(row)),
      "Nobody has reported anything."
    )}
    ${nextLink("/operator/reports", cursor)}`,
    "/operator/reports"
  )

/** An answer that is no success. */
export const problemPage = (title: string, detail: string): string => layout(title, html`<p>${detail}</p>`)
