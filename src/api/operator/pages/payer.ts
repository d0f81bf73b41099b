import type * as Effect from "effect/Effect"
import { isEnded } from "../../../domain/Status.ts"
import type { overview, payerView } from "../views.ts"
import { actionForm, type FormSecret } from "./forms.ts"
import { type Html, html } from "./html.ts"
import { layout } from "./layout.ts"
import { deploymentLink, nextLink, payerLink, rowList, siteLink, time } from "./rows.ts"

type Payer = Effect.Success<ReturnType<typeof payerView>>

const statusRow = ({
  deployment_id,
  status,
  url,
  created_at,
  expires_at,
  taken_down
}: Payer["deployments"][number]): Html =>
  html` <div>
      <strong class="${status === "live" ? "up" : "down"}">${status}</strong> ${deploymentLink(deployment_id)}
    </div>
    ${url !== null && html`<div>${siteLink(url)}</div>`}
    ${taken_down !== null && html`<div>Taken down: ${taken_down}</div>`}
    <div class="dim">Paid ${created_at}${expires_at !== null && html`; ends ${expires_at}`}</div>`

/** A payer, its deployments, and the ways to stop it. */
export const payerPage = ({ payer, denied, deployments, cursor }: Payer, secret: FormSecret): string => {
  const path = `/operator/payers/${payer}`
  return layout(
    `Payer ${payer}`,
    html` ${
        denied === null
          ? html`<p class="up">Allowed.</p>
              ${actionForm(secret, `${path}/deny`, "Deny this payer", "Reason, which the payer reads")}
              <p class="dim">
                A denied payer buys nothing more. What is paid for is delivered all the same, unless it is taken down.
              </p>`
          : html`<p class="down"><strong>Denied</strong> at ${time(denied.at)}: ${denied.reason}</p>
              ${actionForm(secret, `${path}/allow`, "Allow this payer")}`
      }
      <h2>Deployments</h2>
      ${rowList(deployments.map(statusRow), "There are none.")} ${nextLink(path, cursor)}
      ${
        !deployments.every(isEnded) &&
        html` <h2>Take all of them down</h2>
          <p>
            All deployments of this payer end at once and for good, with their data. Everybody who has their ids can
            read the reason.
          </p>
          ${actionForm(secret, `${path}/takedown`, "Take all down", "Reason")}`
      }`
  )
}

type Sales = Effect.Success<ReturnType<typeof overview>>["sales"]

/** Whether anything is sold, and the switch for it. */
export const salesBox = ({ setting, switches }: Sales, secret: FormSecret): Html =>
  html` ${setting === "off" && html`<p class="down"><strong>Nothing is sold</strong>, because the setting SALES is off.</p>`}
  ${
    switches === null
      ? html`<p class="down">Whether sales are paused cannot be read at the moment.</p>`
      : switches.paused === null
        ? html`${setting !== "off" && html`<p class="up">Sales are on.</p>`}${actionForm(secret, "/operator/sales/pause", "Pause sales", "Reason, which buyers read")}`
        : html`<p class="down">
              <strong>Sales are paused</strong> since ${time(switches.paused.at)}: ${switches.paused.reason}
            </p>
            ${actionForm(secret, "/operator/sales/resume", "Resume sales")}`
  }`

/** The payers that nothing is sold to. */
export const deniedList = ({ switches }: Sales): Html =>
  switches === null || switches.denied.length === 0
    ? html``
    : html`<h2>Denied payers</h2>
        ${rowList(
          switches.denied.map(
            ({ address, reason, at }) =>
              html`<div>${payerLink(address)}</div>
                <div class="dim">${time(at)}: ${reason}</div>`
          ),
          ""
        )}`
