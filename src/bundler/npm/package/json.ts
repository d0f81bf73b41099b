const decoder = new TextDecoder()

/** Whether a value of JSON is an object, and not an array or null. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The value of an object's own property: `__proto__` and `constructor` are names like others. */
export const own = (value: unknown, key: string): unknown =>
  isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined

/** An object from the bytes of JSON text; `undefined` if they are anything else. */
export const readJson = (bytes: Uint8Array | undefined): Readonly<Record<string, unknown>> | undefined => {
  if (bytes === undefined) return undefined
  try {
    const json: unknown = JSON.parse(decoder.decode(bytes))
    return isObject(json) ? json : undefined
  } catch {
    return undefined
  }
}

/** A path without empty and `.` segments; `undefined` if it leads out of the package. */
export const normalPath = (path: string): string | undefined => {
  const parts: Array<string> = []
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue
    if (part !== "..") parts.push(part)
    else if (parts.pop() === undefined) return undefined
  }
  return parts.join("/")
}
