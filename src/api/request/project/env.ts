import * as Result from "effect/Result"
import { InvalidRequest } from "../../../domain/Errors.ts"
import { type Env, MAX_SECRETS } from "../../../domain/Order.ts"
import { type Refused, refuse } from "../../refused.ts"

export { MAX_SECRETS } from "../../../domain/Order.ts"

/** The longest value of a secret, in bytes of UTF-8: 5 KB, as Cloudflare has it. */
export const MAX_SECRET_BYTES = 5 * 1024

/** The names that code can read as `env.NAME`. */
export const SECRET_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

const SHAPE = '{"env": {"API_KEY": "…"}}'

/**
 * Checks the secrets of a body. Returns `undefined` if there are none. Errors name a secret and never contain a value; they
 * show no text in the place of a name that is not a name, because that text may be a value.
 */
export const checkEnv = (given: unknown): Result.Result<Env | undefined, Refused<InvalidRequest>> => {
  if (given === undefined || given === null) return Result.succeed(undefined)
  if (typeof given !== "object" || Array.isArray(given)) {
    return invalid(`env must be an object of names and strings: ${SHAPE}.`)
  }
  const entries = Object.entries(given)
  if (entries.length > MAX_SECRETS) {
    return invalid(`env has ${entries.length} names. The limit is ${MAX_SECRETS}.`)
  }
  for (const [index, [name, value]] of entries.entries()) {
    // The host keeps names in plain objects, which lose `__proto__`.
    if (name.length > 255 || !SECRET_NAME.test(name) || name === "__proto__") {
      return invalid(
        `Name ${index + 1} of env is not a name. Use letters, digits and _, at most 255, and begin with no digit.`
      )
    }
    if (name === "PROJECT_ID" || name.startsWith("__JACK_"))
      return invalid(`env.${name} is set by the host. Choose another name.`)
    if (typeof value !== "string" || value === "") {
      return invalid(`env.${name} must be a string that is not empty. Change it, or leave it out.`)
    }
    const size = Buffer.byteLength(value)
    if (size > MAX_SECRET_BYTES) {
      return invalid(`env.${name} has ${size} bytes of UTF-8. The limit is ${MAX_SECRET_BYTES}.`)
    }
  }
  return Result.succeed(entries.length === 0 ? undefined : (Object.fromEntries(entries) as Env))
}

const invalid = (detail: string) => refuse(InvalidRequest, { detail })
