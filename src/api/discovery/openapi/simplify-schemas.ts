type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)

/** `{type}` and nothing else, as the generator writes one member of a union. */
const plainType = (value: unknown): string | undefined =>
  isObject(value) && Object.keys(value).length === 1 && typeof value["type"] === "string" ? value["type"] : undefined

/**
 * Writes JSON Schemas of a document shorter, with the same meaning: a union of plain types is a list of types, and an integer
 * needs no bounds that say that it is one.
 */
export const simplifySchemas = <A>(value: A): A => {
  if (Array.isArray(value)) return value.map(simplifySchemas) as A
  if (!isObject(value)) return value
  const { anyOf, ...rest } = value
  const types = Array.isArray(anyOf) ? anyOf.map(plainType) : [undefined]
  const shorter = types.includes(undefined) ? value : { type: types, ...rest }
  const entries = Object.entries(shorter)
    .filter(
      ([keyword, bound]) => !/^m(in|ax)imum$/.test(keyword) || Math.abs(Number(bound)) !== Number.MAX_SAFE_INTEGER
    )
    .map(([keyword, inner]) => [keyword, simplifySchemas(inner)])
  return Object.fromEntries(entries) as A
}
