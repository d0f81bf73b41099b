import { lossyTypes } from "./lossy-types.ts"

/**
 * The gateway's module that the isolate evaluates first. It keeps the functions of the platform that the gateway's other
 * modules need. The author's code may change globals and prototypes, and that must not change an answer of the gateway.
 */
export const intrinsics = `
const { bind, call } = Function.prototype
/** The function that takes as its first argument what the method calls "this". */
const uncurry = bind.bind(call)
const { apply, construct, defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect
/** Before the compatibility date 2022-01-31 an object has its accessors itself. */
const getter = (prototype, name) => {
  const accessor = getOwnPropertyDescriptor(prototype, name)
  return accessor === undefined ? (object) => object[name] : uncurry(accessor.get)
}

export { apply, construct, getPrototypeOf, ownKeys }
export const { stringify, parse } = JSON
export const { isArray } = Array
export const { isFinite } = Number
export const { keys } = Object
export const NewError = Error, NewTypeError = TypeError, NewMap = Map, ObjectPrototype = Object.prototype
export const text = String
export const slice = uncurry(String.prototype.slice)
export const codeAt = uncurry(String.prototype.charCodeAt)
export const sourceOf = uncurry(Function.prototype.toString)
export const timeOf = uncurry(Date.prototype.getTime)
export const { iterator, asyncIterator } = Symbol
export const mapGet = uncurry(Map.prototype.get), mapHas = uncurry(Map.prototype.has), mapSet = uncurry(Map.prototype.set)
export const isIn = uncurry(Object.prototype.isPrototypeOf)

/** The primitive in an object like \`new Number(1)\`, which JSON takes for it. */
export const unbox = (value) => {
  for (let box = boxes; box !== undefined; box = box.next) {
    if (!isIn(box.prototype, value)) continue
    try {
      return box.valueOf(value)
    } catch {}
  }
}
let boxes
for (const { prototype } of [Number, String, Boolean, BigInt])
  boxes = { __proto__: null, prototype, valueOf: uncurry(prototype.valueOf), next: boxes }

${lossyTypes}
export const methodOf = getter(Request.prototype, "method")
export const urlOf = getter(Request.prototype, "url")
export const bodyOf = uncurry(Request.prototype.text)
const NewResponse = Response

/** A text as a response. Its own undefined "then" hides one that the code may have put on a prototype. */
export const answer = (body) => {
  const response = new NewResponse(body)
  defineProperty(response, "then", { __proto__: null, value: undefined })
  return response
}

/** Whether the author's code formats stacks itself. */
export const isHooked = () => getOwnPropertyDescriptor(NewError, "prepareStackTrace")?.value !== undefined
/** Lets the engine format them. */
export const unhook = () => deleteProperty(NewError, "prepareStackTrace")

const stackOf = (error) => {
  unhook()
  return error.stack
}

const part = (read, length) => {
  try {
    const found = read()
    return found === undefined || found === null ? "" : slice(text(found), 0, length)
  } catch {
    return ""
  }
}

/** A thrown value as JSON: its name, message and stack. */
export const thrown = (cause) => {
  const isObject = (typeof cause === "object" && cause !== null) || typeof cause === "function"
  if (!isObject) return stringify({ __proto__: null, name: "Error", message: part(() => text(cause), 2000) })
  return stringify({
    __proto__: null,
    name: part(() => cause.name, 200) || "Error",
    message: part(() => cause.message, 2000),
    stack: part(() => stackOf(cause), 16000)
  })
}
`

/** Writes an import of names from the intrinsics, by the file name of that module. */
export const importFrom = (names: string, intrinsicsFile: string): string =>
  `import { ${names} } from ${JSON.stringify(`./${intrinsicsFile}`)}`
