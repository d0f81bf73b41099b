/** Markup that is safe to put into a page. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A value in a template: markup, a text that is escaped, a number, several of these, or nothing. */
export type Value = Html | string | number | null | undefined | false | ReadonlyArray<Value>

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}

const markupOf = (value: Value): string => {
  if (value instanceof Html) return value.text
  if (Array.isArray(value)) return value.map(markupOf).join("")
  if (value === null || value === undefined || value === false) return ""
  return String(value).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
}

/** Makes markup. Every value that is no markup itself is escaped, so that no text of strangers becomes a part of the page. */
export const html = (strings: TemplateStringsArray, ...values: ReadonlyArray<Value>): Html =>
  new Html(strings.map((text, index) => `${text}${index < values.length ? markupOf(values[index]) : ""}`).join(""))
