/** A value that is to be looked at, and where it stands: its own name, below that of `parent`. */
interface Place {
  readonly value: unknown
  readonly name: string
  readonly parent: Place | undefined
}

/** The most steps of a path that are told, and the most characters of each. */
const maxSteps = 20
const maxStepLength = 100

/**
 * Where in a parsed JSON value there is a number that JSON could not keep: `1e400` is parsed as Infinity, and written as
 * null. The path of the first one found, for example `input.rows[2].price`; `undefined` where there is none. Looks at each
 * value once, and never calls itself: JSON.parse takes values of any depth.
 */
export const overflowIn = (input: unknown): string | undefined => {
  const places: Array<Place> = [{ value: input, name: "input", parent: undefined }]
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    const { value } = place
    if (value === Infinity || value === -Infinity) return pathTo(place)
    if (typeof value !== "object" || value === null) continue
    // Backwards, so that the first in the text is the first off the stack.
    if (Array.isArray(value)) {
      for (let index = value.length - 1; index >= 0; index--) push(places, value[index], `[${index}]`, place)
    } else {
      for (const [name, inner] of Object.entries(value).toReversed()) push(places, inner, name, place)
    }
  }
  return undefined
}

/** Only what can be, or hold, such a number: a megabyte of text costs nothing here. */
const push = (places: Array<Place>, value: unknown, name: string, parent: Place): void => {
  if (value === Infinity || value === -Infinity || (typeof value === "object" && value !== null)) {
    places.push({ value, name, parent })
  }
}

const pathTo = (place: Place): string => {
  const steps: Array<string> = []
  for (let at: Place | undefined = place; at !== undefined; at = at.parent) steps.push(stepOf(at))
  steps.reverse()
  return steps.length <= maxSteps ? steps.join("") : `${steps.slice(0, maxSteps).join("")}…`
}

const stepOf = ({ name, parent }: Place): string => {
  if (parent === undefined || Array.isArray(parent.value)) return name
  const cut = name.slice(0, maxStepLength)
  return /^[a-z_$][\w$]{0,99}$/i.test(cut) ? `.${cut}` : `[${JSON.stringify(cut)}]`
}
