import { type Html, html } from "./html.ts"

/** Makes the secret of a form that posts to a path. */
export type FormSecret = (path: string) => string

/** A form with one button, and a reason if the action needs one. */
export const actionForm = (secret: FormSecret, path: string, button: string, reasonLabel?: string): Html =>
  html` <form method="post" action="${path}">
    <input type="hidden" name="form" value="${secret(path)}" />
    ${reasonLabel !== undefined && html`<label>${reasonLabel} <input name="reason" required maxlength="300" /></label>`}
    <button>${button}</button>
  </form>`
