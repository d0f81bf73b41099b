import { OURS } from "../isolate/names.ts"
import type { RunError } from "../limits.ts"

/** Whether a text is JSON. */
export const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Reads an error that a module of ours reports: never more than it may be, and no frame of ours in its stack. */
export const errorIn = (text: string): RunError => {
  const said: unknown = isJson(text) ? JSON.parse(text) : {}
  const field = (name: string, length: number): string => {
    const value: unknown = typeof said === "object" && said !== null ? Reflect.get(said, name) : undefined
    return typeof value === "string" ? value.slice(0, length) : ""
  }
  const stack = field("stack", 16_000)
    .split("\n")
    .filter((line) => !line.includes(OURS))
    .join("\n")
  return { name: field("name", 200) || "Error", message: field("message", 2000), ...(stack !== "" && { stack }) }
}
