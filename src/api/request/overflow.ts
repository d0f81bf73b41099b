/** A value that the search has not visited, with its name below `parent`. */
interface Place {
  readonly value: unknown
  readonly name: string
  readonly parent: Place | undefined
}

/** The most steps of a path in an error text, and the most characters of each. */
const MAX_STEPS = 20
const MAX_STEP_LENGTH = 100

/**
 * Finds a number in a parsed JSON value that JSON cannot keep, and returns its path, for example `input.rows[2].price`.
 * JSON.parse reads `1e400` as Infinity, which is written as null. Returns `undefined` if there is none. It visits each value
 * once, without recursion, because JSON.parse returns values of any depth.
 */
export const findOverflow = (input: unknown): string | undefined => {
  const places: Array<Place> = [{ value: input, name: "input", parent: undefined }]
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    const { value } = place
    if (value === Infinity || value === -Infinity) return pathTo(place)
    if (typeof value !== "object" || value === null) continue
    // A list's indexes become text only when needed, because a list may have a million.
    const names = Array.isArray(value) ? undefined : Object.keys(value)
    const length = names?.length ?? (value as ReadonlyArray<unknown>).length
    for (let index = 0; index < length; index++) {
      const name = names?.[index] ?? index
      const inner: unknown = Reflect.get(value, name)
      if (inner === Infinity || inner === -Infinity) return pathTo({ value: inner, name: String(name), parent: place })
      if (typeof inner === "object" && inner !== null) places.push({ value: inner, name: String(name), parent: place })
    }
  }
  return undefined
}

const pathTo = (place: Place): string => {
  const steps: Array<string> = []
  for (let at: Place | undefined = place; at !== undefined; at = at.parent) steps.push(stepOf(at))
  steps.reverse()
  return steps.length <= MAX_STEPS ? steps.join("") : `${steps.slice(0, MAX_STEPS).join("")}…`
}

const stepOf = ({ name, parent }: Place): string => {
  if (parent === undefined) return name
  if (Array.isArray(parent.value)) return `[${name}]`
  const cut = name.slice(0, MAX_STEP_LENGTH)
  return /^[a-z_$][\w$]{0,99}$/i.test(cut) ? `.${cut}` : `[${JSON.stringify(cut)}]`
}
