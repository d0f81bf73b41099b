import { HARNESS_NAME } from "../isolate/names.ts"
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

/**
 * Reads an error that a module of the gateway reports. It cuts the fields to their limits, and removes the gateway's frames
 * from the stack.
 */
export const parseError = (text: string): RunError => {
  const parsed: unknown = isJson(text) ? JSON.parse(text) : {}
  const field = (name: string, length: number): string => {
    const value: unknown = typeof parsed === "object" && parsed !== null ? Reflect.get(parsed, name) : undefined
    return typeof value === "string" ? value.slice(0, length) : ""
  }
  const stack = field("stack", 16_000)
    .split("\n")
    .filter((line) => !line.includes(HARNESS_NAME))
    .join("\n")
  return { name: field("name", 200) || "Error", message: field("message", 2000), ...(stack !== "" && { stack }) }
}
