import * as Result from "effect/Result"
import { InvalidRequest } from "../../domain/Errors.ts"
import { type Refused, refuse } from "../refused.ts"

/** The most unknown fields that an answer names, and the most characters of each. */
const MAX_NAMED = 3
const MAX_NAME_LENGTH = 100

/**
 * Fails for a body with unknown fields, because a misspelt field must not cost money. It names some of them, and the known
 * field that each may mean. Of two fields with one name the last counts, as in every JSON parser.
 */
export const refuseUnknownFields = (
  json: object,
  known: ReadonlyArray<string>
): Result.Result<void, Refused<InvalidRequest>> => {
  const unknown = Object.keys(json).filter((name) => !known.includes(name))
  if (unknown.length === 0) return Result.void
  const named = unknown.slice(0, MAX_NAMED).map((name) => nearMiss(name, known) ?? `${readable(name)} is unknown`)
  const more = unknown.length > MAX_NAMED ? `; and ${unknown.length - MAX_NAMED} more` : ""
  return refuse(InvalidRequest, {
    detail: `Unknown fields: ${named.join("; ")}${more}. The known fields are: ${known.join(", ")}.`
  })
}

/** Returns a sentence about the field of a body that may mean the missing field `wanted`; empty if there is none. */
export const findMisspelt = (json: unknown, wanted: string): string => {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return ""
  const name = Object.keys(json).find((name) => name !== wanted && nearest(name, [wanted]) !== undefined)
  return name === undefined ? "" : ` ${nearMiss(name, [wanted])}`
}

const nearMiss = (name: string, known: ReadonlyArray<string>): string | undefined => {
  const meant = nearest(name, known)
  return meant === undefined ? undefined : `${readable(name)}: did you mean ${meant}?`
}

/** Makes a name fit for an error text: short, and escaped unless it is a plain word. */
const readable = (name: string): string => {
  const start = name.slice(0, MAX_NAME_LENGTH)
  const cut = start.length < name.length ? `${start}…` : start
  return /^[\w-]{1,100}$/.test(cut) ? cut : JSON.stringify(cut)
}

/** Returns the known name with the fewest typing errors from `name`: at most two, or one for a short name. */
const nearest = (name: string, known: ReadonlyArray<string>): string | undefined => {
  let found: string | undefined
  let fewest = Infinity
  for (const candidate of known) {
    const errors = typingErrors(name, candidate)
    if (errors > (candidate.length < 5 ? 1 : 2) || errors >= fewest) continue
    found = candidate
    fewest = errors
  }
  return found
}

/**
 * Counts the letters that were left out, added, replaced or swapped with their neighbour, regardless of case (optimal string
 * alignment). Returns Infinity if the lengths differ by more than two, so that long names are not compared.
 */
const typingErrors = (typed: string, meant: string): number => {
  if (Math.abs(typed.length - meant.length) > 2) return Infinity
  const [from, to] = [typed.toLowerCase(), meant.toLowerCase()]
  const rows: Array<Array<number>> = [Array.from({ length: to.length + 1 }, (_, column) => column)]
  const at = (row: number, column: number) => rows[row]?.[column] ?? Infinity
  for (let row = 1; row <= from.length; row++) {
    rows[row] = [row]
    for (let column = 1; column <= to.length; column++) {
      const replaced = at(row - 1, column - 1) + (from[row - 1] === to[column - 1] ? 0 : 1)
      const swapped =
        from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1] ? at(row - 2, column - 2) + 1 : Infinity
      rows[row]?.push(Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, replaced, swapped))
    }
  }
  return at(from.length, to.length)
}
