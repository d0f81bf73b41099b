import { LIMITS, tooLarge } from "../limits.ts"
import { encodeErrors } from "./encode-errors.ts"

/** The source of `write`, which encodes a value as JSON step by step, and of the helpers that `encode` needs as well. */
export const encodeValue = `
${encodeErrors}
/** Whether a value has a method. An error of a getter passes through. */
const hasMethod = (value, method) => typeof value[method] === "function"

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

/** The label of an object that JSON would lose, and the replacement to return; undefined if JSON keeps it. */
const loss = (value, own) => {
  for (let type = lossyTypes; type !== undefined; type = type.next)
    if (isIn(type.prototype, value)) return type
  if (own.length > 0) return undefined
  if (hasMethod(value, iterator))
    return { label: nameOf(value) ?? "an iterator", instead: "Return what it yields as an array: Array.from(it)." }
  if (hasMethod(value, asyncIterator))
    return { label: nameOf(value) ?? "an async iterator", instead: "Return what it yields as an array: await Array.fromAsync(it)." }
  return {
    label: (nameOf(value) ?? "an object") + " without properties of its own",
    instead: "Return a plain object with its values, or give it a toJSON method."
  }
}

/** One pass over a value: its JSON, or undefined where JSON has nothing. Promises to await first are added to \`state\`. */
const write = (value, up, key, state, converted) => {
  if (typeof value === "string") return counted(stringify(value), state)
  if (typeof value === "number") {
    if (!isFinite(value)) throw notEncodable(up, key, text(value), "Return null or a string for it.")
    return "" + value
  }
  if (value === null || typeof value === "boolean") return "" + value
  if (typeof value === "undefined") return undefined
  if (typeof value === "function") throw notEncodable(up, key, "a function", "Return what it computes.")
  if (typeof value === "symbol") throw notEncodable(up, key, "a symbol", "Return its description.")
  if (converted !== true && state.settled !== undefined && mapHas(state.settled, value))
    return write(mapGet(state.settled, value), up, key, state, hasMethod(value, "toJSON"))
  if (converted !== true && hasMethod(value, "toJSON")) {
    if (isInvalidDate(value)) throw notEncodable(up, key, "an invalid Date", "Return null or a string for it.")
    const json = value.toJSON(text(key))
    const late = typeof json === "object" && json !== null && hasMethod(json, "then")
    if (!late) return write(json, up, key, state, true)
    // Each call makes another promise, so the map is keyed by the value itself.
    state.waiting = { value, promise: json, next: state.waiting }
    return "null"
  }
  if (typeof value === "bigint") throw notEncodable(up, key, "a BigInt", "Return String(it).")
  if (hasMethod(value, "then")) {
    state.waiting = { value, promise: value, next: state.waiting }
    return "null"
  }
  for (let at = up; at !== undefined; at = at.up)
    if (at.value === value) {
      const which = at.up === undefined ? "the whole result" : placeOf(at.up, at.key)
      throw notEncodable(up, key, which + " again, which contains it", "Leave it out.")
    }
  const here = { __proto__: null, up, key, value }
  if (isArray(value)) return writeArray(value, here, state)
  if (isPlain(value)) return writeObject(value, keys(value), here, state)
  const unboxed = unbox(value)
  if (unboxed !== undefined) return write(unboxed, up, key, state)
  const own = keys(value)
  const lost = loss(value, own)
  if (lost !== undefined) throw notEncodable(up, key, lost.label, lost.instead)
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
    if (one === undefined) throw notEncodable(here, i, "undefined", "Return null for nothing.")
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

/** Counts a part of the result, and ends a result that is too long. */
const counted = (part, state) => {
  state.length += part.length
  if (state.length > ${LIMITS.resultBytes}) throw tooLarge()
  return part
}
`
