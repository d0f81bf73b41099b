import { request as httpRequest } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"
import { assert, inject } from "vitest"

/** The stack under attack. */
export const stack = inject("stack")

/** An attack may wait at most this long for its answer, and a simultaneous `GET /health` for its own; in milliseconds. */
const ANSWER_LIMIT = 500
const HEALTH_LIMIT = 200

const HEALTH_INTERVAL = 50
const ATTEMPTS = 3

/** One attack, measured. */
export interface Attack {
  /** The answer. Its body has arrived. */
  readonly response: Response
  /** Milliseconds from the call to the end of the answer's body. */
  readonly millis: number
  /** The slowest `GET /health` beside it, in milliseconds. */
  readonly healthMillis: number
}

/**
 * Runs an attack while it asks `GET /health` every 50 ms, and asserts that the attack gets an answer within 500 ms and that no
 * health check takes longer than 200 ms. Both limits grow by the slowest of five health checks on the idle gateway. Chain,
 * runtime and test share the machine's cores, so a slow attack runs up to twice more before it fails. `send` must be
 * repeatable.
 */
export const attack = async (send: () => Promise<Response>): Promise<Attack> => {
  for (let attempt = 1; ; attempt++) {
    const idle = await idleMillis()
    const measured = await measure(send)
    const { millis, healthMillis } = measured
    if (millis <= ANSWER_LIMIT + idle && healthMillis <= HEALTH_LIMIT + idle) return measured
    const hopeless = millis > 4 * (ANSWER_LIMIT + idle)
    if (attempt < ATTEMPTS && !hopeless) continue
    assert.isAtMost(millis, ANSWER_LIMIT + idle, "the answer took this many milliseconds")
    assert.isAtMost(healthMillis, HEALTH_LIMIT + idle, "GET /health took this many milliseconds meanwhile")
  }
}

const measure = async (send: () => Promise<Response>): Promise<Attack> => {
  const done = new AbortController()
  const watching = watchHealth(done.signal)
  const since = performance.now()
  try {
    const answer = await send()
    const body = await answer.arrayBuffer()
    const millis = performance.now() - since
    done.abort()
    const response = new Response(nullBody.has(answer.status) ? null : body, answer)
    return { response, millis, healthMillis: await watching }
  } finally {
    done.abort()
    await watching
  }
}

const nullBody = new Set([204, 205, 304])

/** Asks for the health until `done`, at least twice. Returns the slowest answer's milliseconds. */
const watchHealth = async (done: AbortSignal): Promise<number> => {
  let slowest = 0
  for (let asked = 0; asked < 2 || !done.aborted; asked++) {
    slowest = Math.max(slowest, await healthMillis())
    if (!done.aborted) await sleep(HEALTH_INTERVAL, undefined, { signal: done }).catch(() => {})
  }
  return slowest
}

const idleMillis = async (): Promise<number> => {
  let slowest = 0
  for (let asked = 0; asked < 5; asked++) slowest = Math.max(slowest, await healthMillis())
  return slowest
}

const healthMillis = async (): Promise<number> => {
  const since = performance.now()
  const response = await fetch(`${stack.info.gateway}/health`)
  await response.arrayBuffer()
  assert.strictEqual(response.status, 200)
  return performance.now() - since
}

/** Sends a request whose path, method and headers stay as they are, because `fetch` would normalize or refuse some. */
export const send = (
  path: string,
  options: {
    readonly method?: string
    readonly headers?: Readonly<Record<string, string | ReadonlyArray<string>>>
    readonly body?: string | Uint8Array
  } = {}
): Promise<Response> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(stack.info.gateway)
    const { method = "GET", headers = {}, body } = options
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }
    const outgoing = httpRequest({
      hostname,
      port,
      path,
      method,
      headers: { ...length, ...headers } as never,
      agent: false
    })
    outgoing.on("error", reject).on("response", (incoming) => {
      const chunks: Array<Uint8Array> = []
      incoming.on("data", (chunk: Uint8Array) => chunks.push(chunk))
      incoming.on("error", reject).on("end", () => {
        const { statusCode = 0, rawHeaders } = incoming
        const pairs = rawHeaders.flatMap((name, index) =>
          index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ""] as [string, string]] : []
        )
        resolve(
          new Response(nullBody.has(statusCode) ? null : Buffer.concat(chunks), { status: statusCode, headers: pairs })
        )
      })
    })
    outgoing.end(body)
  })

/** Posts JSON to the gateway, with additional `headers`. */
export const postJson = (
  path: string,
  body: string,
  headers: Readonly<Record<string, string>> = {}
): Promise<Response> =>
  fetch(stack.info.gateway + path, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers }
  })
