import { LIMITS, tooLarge } from "./limits.ts"

/** The module that calls. It answers `r` and the result as JSON, or `e` and what was thrown. */
export const harness = (main: string): string => `
import * as main from ${main}

const thrown = (cause) => {
  const part = (name) => { try { return String(cause[name] ?? "") } catch { return "" } }
  const isObject = (typeof cause === "object" && cause !== null) || typeof cause === "function"
  try {
    return isObject
      ? { name: part("name").slice(0, 200) || "Error", message: part("message").slice(0, 2000), stack: part("stack").slice(0, 8000) }
      : { name: "Error", message: String(cause).slice(0, 2000) }
  } catch {
    return { name: "Error", message: "What was thrown cannot be shown." }
  }
}

const encode = (value) => {
  const text = typeof value === "number" && !Number.isFinite(value) ? undefined : JSON.stringify(value)
  if (text === undefined) {
    const what = typeof value === "number" ? String(value) : typeof value
    throw Object.assign(new TypeError("The result is " + what + ", which JSON cannot say. Return null for nothing."), { stack: "" })
  }
  if (text.length > ${LIMITS.resultBytes})
    throw Object.assign(new Error(${JSON.stringify(tooLarge.message)}), { name: ${JSON.stringify(tooLarge.name)}, stack: "" })
  return "r" + text
}

export default {
  async fetch(request) {
    if (request.method === "GET") return new Response()
    try {
      const text = await request.text()
      const input = request.url.endsWith("/input") ? JSON.parse(text) : undefined
      const call = typeof main.run === "function" ? main.run : main.default
      return new Response(encode(await call(input)))
    } catch (cause) {
      return new Response("e" + JSON.stringify(thrown(cause)))
    }
  }
}
`
