import { entriesOf, own } from "../project/jsonc.ts"
import { HONOURED, type Refusal, REFUSED, WITHOUT_EFFECT } from "./keys.ts"
import { quoted, type Report, shown } from "./Report.ts"
import type { Path } from "./text/locate-json.ts"
import { isEmpty, isTable } from "./values.ts"

/** How many entries of one key are named. */
const MAX = 50

/** The keys that name an entry, the likeliest first. */
const NAMES = ["binding", "name", "queue", "class_name"]

interface Named {
  readonly path: Path
  readonly name: string | undefined
}

const nameOf = (value: unknown, path: Path): Named | undefined => {
  if (typeof value === "string") return { path, name: value }
  const key = NAMES.find((key) => typeof own(value, key) === "string")
  return key === undefined ? undefined : { path: [...path, key], name: String(own(value, key)) }
}

/** The bindings of a key: of a list, of an object that is one, or of an object that has lists of them. */
const bindingsOf = (key: string, value: unknown): ReadonlyArray<Named> => {
  const ofList = (list: ReadonlyArray<unknown>, path: Path): ReadonlyArray<Named> =>
    list.slice(0, MAX).map((it, index) => nameOf(it, [...path, index]) ?? { path: [...path, index], name: undefined })
  if (Array.isArray(value)) return ofList(value, [key])
  if (!isTable(value)) return [{ path: [key], name: undefined }]
  const self = nameOf(value, [key])
  if (self !== undefined) return [self]
  const inner = entriesOf(value)
    .slice(0, MAX)
    .flatMap(([name, it]) => (Array.isArray(it) ? ofList(it, [key, name]) : [{ path: [key, name], name }]))
  return inner.length === 0 ? [{ path: [key], name: undefined }] : inner
}

const refuse = (report: Report, key: string, value: unknown, { service, loss, hint }: Refusal): void => {
  for (const { path, name } of bindingsOf(key, value)) {
    const missed = loss?.(shown(name ?? "")) ?? (name === undefined ? "it" : `env.${shown(name)}`)
    const text = `${service} cannot be provided here, and the code would miss ${missed.trim()}`
    report.refuse(path, text, hint ?? `Remove ${JSON.stringify(key)} and the code that uses it.`)
  }
}

/** Whether the words differ by one letter that is missing, wrong or too many, or by two neighbours that are exchanged. */
const isNear = (a: string, b: string): boolean => {
  if (Math.abs(a.length - b.length) > 1) return false
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  const rest = (word: string, from: number) => word.slice(from)
  return (
    rest(a, start + 1) === rest(b, start + 1) ||
    rest(a, start) === rest(b, start + 1) ||
    rest(a, start + 1) === rest(b, start) ||
    (a[start] === b[start + 1] && a[start + 1] === b[start] && rest(a, start + 2) === rest(b, start + 2))
  )
}

const KNOWN: ReadonlyArray<string> = [...HONOURED, ...Object.keys(WITHOUT_EFFECT), ...Object.keys(REFUSED)]

/** Warns of the keys that have no effect, and refuses those that the code would miss. */
export const checkTopLevel = (report: Report): void => {
  for (const [key, value] of entriesOf(report.value)) {
    if (HONOURED.some((it) => it === key)) continue
    const refusal = Object.hasOwn(REFUSED, key) ? REFUSED[key] : undefined
    const reason = Object.hasOwn(WITHOUT_EFFECT, key) ? WITHOUT_EFFECT[key] : undefined
    if (refusal !== undefined) {
      if (!isEmpty(value) && value !== false && value !== "") refuse(report, key, value, refusal)
    } else if (reason !== undefined) {
      if (!isEmpty(value)) report.warn([key], `"${key}" has no effect here`, reason)
    } else {
      const meant = KNOWN.find((it) => isNear(it, key))
      report.warn(
        [key],
        `${quoted(key)} is no key of a wrangler configuration, and has no effect`,
        meant === undefined ? undefined : `Did you mean "${meant}"?`
      )
    }
  }
}
