import { LIMITS, tooLarge } from "../limits.ts"

/** How often promises within promises are awaited before the result is given up. */
const ROUNDS = 10

/**
 * The text of `encode(value)`: JSON of a run's result, as `JSON.stringify` words it, but that nothing is lost on the way.
 * Promises within it are awaited, `toJSON` is honoured, properties that are undefined are left out; whatever else JSON cannot
 * say is an error which names the place and says what to return instead. Names that it uses come from the intrinsics.
 */
export const encode = `
/** An error at a place: the key in the container \`up\`, which knows its own key and container. The whole result has none. */
const unsayable = (up, key, what, instead) => {
  const place = up === undefined ? "The result" : placeOf(up, key)
  const error = new NewTypeError(place + " is " + what + ", which JSON cannot say. " + instead)
  error.stack = ""
  return error
}

/** "result.items[3]": the first 200 characters. */
const placeOf = (up, key) => {
  let place = segment(key)
  for (let at = up; at.up !== undefined; at = at.up) place = segment(at.key) + place
  return place.length > 200 ? "result" + slice(place, 0, 200) + "…" : "result" + place
}

const segment = (key) => (typeof key === "number" ? "[" + key + "]" : isName(key) ? "." + key : "[" + stringify(key) + "]")

const isName = (key) => {
  for (let i = 0; i < key.length; i++) {
    const c = codeAt(key, i)
    const letter = (c > 64 && c < 91) || (c > 96 && c < 123) || c === 95 || c === 36 || c > 127
    if (!letter && (i === 0 || c < 48 || c > 57)) return false
  }
  return key.length > 0
}

/** Whether it has a method; what a getter throws is thrown. */
const has = (value, method) => typeof value[method] === "function"

const nameOf = (value) => {
  try {
    const { name } = value.constructor
    return typeof name === "string" && name !== "" && name !== "Object" ? "an instance of " + slice(name, 0, 100) : undefined
  } catch {}
}

const isPlain = (value) => {
  const prototype = getPrototypeOf(value)
  return prototype === ObjectPrototype || prototype === null
}

/** What of an object that is not plain JSON would lose, and what to return in its place. */
const loss = (value, own) => {
  for (let kind = kinds; kind !== undefined; kind = kind.next)
    if (isIn(kind.prototype, value)) return kind
  if (own.length > 0) return undefined
  if (has(value, iterator))
    return { what: nameOf(value) ?? "an iterator", instead: "Return what it yields as an array: Array.from(it)." }
  if (has(value, asyncIterator))
    return { what: nameOf(value) ?? "an async iterator", instead: "Return what it yields as an array: await Array.fromAsync(it)." }
  return {
    what: (nameOf(value) ?? "an object") + " without properties of its own",
    instead: "Return a plain object with what it holds, or give it a toJSON method."
  }
}

/** One pass over a value: its JSON, or undefined where JSON has nothing. What has to be awaited first is put in \`state\`. */
const write = (value, up, key, state, converted) => {
  if (typeof value === "string") return counted(stringify(value), state)
  if (typeof value === "number") {
    if (!isFinite(value)) throw unsayable(up, key, text(value), "Return null or a string for it.")
    return "" + value
  }
  if (value === null || typeof value === "boolean") return "" + value
  if (typeof value === "undefined") return undefined
  if (typeof value === "function") throw unsayable(up, key, "a function", "Return what it computes.")
  if (typeof value === "symbol") throw unsayable(up, key, "a symbol", "Return its description.")
  if (converted !== true && state.settled !== undefined && mapHas(state.settled, value))
    return write(mapGet(state.settled, value), up, key, state, has(value, "toJSON"))
  if (converted !== true && has(value, "toJSON")) {
    if (isInvalidDate(value)) throw unsayable(up, key, "an invalid Date", "Return null or a string for it.")
    const json = value.toJSON(text(key))
    const late = typeof json === "object" && json !== null && has(json, "then")
    if (!late) return write(json, up, key, state, true)
    // Each call makes another promise: the value itself stands for the first one.
    state.waiting = { value, promise: json, next: state.waiting }
    return "null"
  }
  if (typeof value === "bigint") throw unsayable(up, key, "a BigInt", "Return String(it).")
  if (has(value, "then")) {
    state.waiting = { value, promise: value, next: state.waiting }
    return "null"
  }
  for (let at = up; at !== undefined; at = at.up)
    if (at.value === value) {
      const which = at.up === undefined ? "the whole result" : placeOf(at.up, at.key)
      throw unsayable(up, key, which + " again, which contains it", "Leave it out.")
    }
  const here = { __proto__: null, up, key, value }
  if (isArray(value)) return writeArray(value, here, state)
  if (isPlain(value)) return writeObject(value, keys(value), here, state)
  const unboxed = unbox(value)
  if (unboxed !== undefined) return write(unboxed, up, key, state)
  const own = keys(value)
  const lost = loss(value, own)
  if (lost !== undefined) throw unsayable(up, key, lost.what, lost.instead)
  return writeObject(value, own, here, state)
}

const isInvalidDate = (value) => {
  try {
    const time = timeOf(value)
    return time !== time
  } catch {
    return false
  }
}

const writeArray = (value, here, state) => {
  let all = ""
  for (let i = 0; i < value.length; i++) {
    const one = write(value[i], here, i, state)
    if (one === undefined) throw unsayable(here, i, "undefined", "Return null for nothing.")
    all += i === 0 ? one : "," + one
    counted(",", state)
  }
  return "[" + all + "]"
}

const writeObject = (value, own, here, state) => {
  let all = ""
  for (let i = 0; i < own.length; i++) {
    const key = own[i]
    const one = write(value[key], here, key, state)
    if (one === undefined) continue
    all += (all === "" ? "" : ",") + counted(stringify(key), state) + ":" + one
  }
  return "{" + all + "}"
}

const tooLarge = () => {
  const error = new NewError(${JSON.stringify(tooLarge.message)})
  error.name = ${JSON.stringify(tooLarge.name)}
  error.stack = ""
  return error
}

/** Ends what has become too long already. */
const counted = (part, state) => {
  state.length += part.length
  if (state.length > ${LIMITS.resultBytes}) throw tooLarge()
  return part
}

/**
 * Whether a value is made of plain objects, arrays and what JSON can say alone, as most are: the platform writes those, in a
 * tenth of the time. What is deep or huge counts as not simple, so that this ends for a value that contains itself.
 */
const isSimple = (value, depth, seen) => {
  if (typeof value === "number") return isFinite(value)
  if (typeof value === "string" || typeof value === "boolean" || value === null) return true
  if (typeof value !== "object" || depth > 1000 || ++seen.nodes > 500000 || has(value, "toJSON") || has(value, "then"))
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
    if (json === undefined) throw unsayable(undefined, "", "undefined", "Return null for nothing.")
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
  throw unsayable(undefined, "", "promises within promises within promises", "Await them before you return.")
}
`
