import { PackageRefused } from "../errors.ts"

/** The longest lock, in UTF-16 units; one of a project with 2,000 packages has a quarter of it. */
const MAX_LENGTH = 4 << 20

/** Whether it is an object of JSON. Its keys are the sender's, so `Object.hasOwn` or `Object.entries` must read them. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A text that is not empty. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined

/** @throws {PackageRefused} if the file is too large or not an object. */
export const readJsonFile = (file: string, source: string): Readonly<Record<string, unknown>> => {
  const refuse = (code: "bad-lock" | "too-large", text: string) =>
    new PackageRefused({ code, text: `${file} ${text}`, hint: "Make it again, or leave it out." })
  if (source.length > MAX_LENGTH) throw refuse("too-large", `has more than ${MAX_LENGTH} characters`)
  let json: unknown
  try {
    json = JSON.parse(source.replace(/^\uFEFF/, ""))
  } catch (error) {
    throw refuse("bad-lock", `is not JSON: ${(error instanceof Error ? error.message : "").slice(0, 200)}`)
  }
  if (!isObject(json)) throw refuse("bad-lock", "is not a JSON object")
  return json
}
