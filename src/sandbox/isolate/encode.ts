import { LIMITS } from "../limits.ts"
import { encodeValue } from "./encode-value.ts"

/** Promises within promises are awaited this many times before the run fails. */
const ROUNDS = 10

/**
 * The source of `encode(value)`: JSON of a run's result, as `JSON.stringify` writes it, but without silent losses. It awaits
 * promises within the value, honours `toJSON`, and leaves out properties that are undefined. Any other value that JSON cannot
 * represent is an error, which names its place and the replacement to return. The names that it uses come from the intrinsics.
 */
export const encode = `
${encodeValue}
/**
 * Whether a value has only plain objects, arrays and JSON's own primitives, as most results do: the platform encodes those in
 * a tenth of the time. Deep or huge values do not count as simple, so that this ends for a value that contains itself.
 */
const isSimple = (value, depth, seen) => {
  if (typeof value === "number") return isFinite(value)
  if (typeof value === "string" || typeof value === "boolean" || value === null) return true
  if (typeof value !== "object" || depth > 1000 || ++seen.nodes > 500000 || hasMethod(value, "toJSON") || hasMethod(value, "then"))
    return false
  if (isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isSimple(value[i], depth + 1, seen)) return false
    return true
  }
  if (!isPlain(value)) return false
  const own = keys(value)
  for (let i = 0; i < own.length; i++) {
    const one = value[own[i]]
    if (one !== undefined && !isSimple(one, depth + 1, seen)) return false
  }
  return true
}

const settle = async (promise) => {
  try {
    return { value: await promise }
  } catch (cause) {
    return { cause }
  }
}

const encode = async (value) => {
  if (isSimple(value, 0, { nodes: 0 })) {
    const json = stringify(value)
    if (json.length > ${LIMITS.resultBytes}) throw tooLarge()
    return json
  }
  let settled
  for (let round = 0; round < ${ROUNDS}; round++) {
    const state = { __proto__: null, settled, waiting: undefined, length: 0 }
    const json = write(value, undefined, "", state)
    if (json === undefined) throw notEncodable(undefined, "", "undefined", "Return null for nothing.")
    if (state.waiting === undefined) return json
    settled ??= new NewMap()
    // All at once, as Promise.all does.
    let all
    for (let { waiting } = state; waiting !== undefined; waiting = waiting.next)
      all = { of: waiting.value, outcome: settle(waiting.promise), next: all }
    for (; all !== undefined; all = all.next) {
      const outcome = await all.outcome
      if ("cause" in outcome) throw outcome.cause
      mapSet(settled, all.of, outcome.value)
    }
  }
  throw notEncodable(undefined, "", "promises within promises within promises", "Await them before you return.")
}
`
