/** Whether a node has refused a batch. An isolate remembers it, and then asks that node one question a request. */
export interface BatchSupport {
  refused: boolean
}

interface Waiting {
  readonly init: RequestInit
  readonly resolve: (response: Response | Promise<Response>) => void
  readonly reject: (cause: unknown) => void
}

/** The fields of an answer that tell whether it belongs to a request of a batch. */
interface Answer {
  readonly id?: unknown
  readonly error?: { readonly code?: unknown } | null
}

/** The code of JSON-RPC for a request that is none. Each request by itself is one, so this answer is about the batch. */
const INVALID_REQUEST = -32600

/**
 * How many steps of the microtask queue a batch waits for further requests. Requests that begin at once reach the transport within
 * a few of them. No timer can fire in between, and no event of another request.
 */
const STEPS = 32

/**
 * Makes a `fetch` for a JSON-RPC transport, for the questions of one payment. Requests that are sent at once leave as one batch (JSON-RPC
 * 2.0, section 6), so that they cost one request and one round trip. Each gets an answer of its own, as if it had been sent alone:
 * the transport reads errors, and repeats a request, as without it.
 *
 * After the first failure of any kind the rest is sent one by one, and so is everything if the node does not answer a batch: with
 * one error for all, with text, or without the ids of some. One object serves one payment only, because a Worker must not wait for a
 * request of another caller.
 *
 * @param check throws for a response that answers nothing, for example that of an overloaded node.
 */
export const makeBatchFetch = (support: BatchSupport, check: (response: Response) => void) => {
  let waiting: ReadonlyArray<Waiting> = []
  let failed = false

  const flush = async (url: string): Promise<void> => {
    for (let step = 0; step < STEPS; step++) await undefined
    const all = waiting
    waiting = []
    const [first] = all
    if (first === undefined) return
    if (all.length === 1) return first.resolve(fetch(url, first.init))
    try {
      const answers = await sendAll(url, first.init, all)
      if (answers === undefined) {
        support.refused = true
        for (const { init, resolve } of all) resolve(fetch(url, init))
        return
      }
      failed ||= answers.some(({ error }) => error !== undefined && error !== null)
      for (const [index, { resolve }] of all.entries()) resolve(Response.json(answers[index]))
    } catch (cause) {
      failed = true
      // An abort of the first request's timeout is no abort of the others, which the transport would not repeat.
      const error = new Error("the batch has no answer", { cause })
      for (const { reject } of all) reject(error)
    }
  }

  /** Returns the answers in the order of the requests; `undefined` if the node has not answered each of them. */
  const sendAll = async (url: string, init: RequestInit, all: ReadonlyArray<Waiting>) => {
    const bodies = all.map(({ init }) => String(init.body))
    const response = await fetch(url, { ...init, body: `[${bodies.join(",")}]` })
    check(response)
    const found = answersIn(await response.text())
    const answers = bodies.flatMap((body) => found.get(String((JSON.parse(body) as Answer).id)) ?? [])
    const refused = answers.length < all.length || answers.some(({ error }) => error?.code === INVALID_REQUEST)
    return refused ? undefined : answers
  }

  return (url: string | URL | Request, init: RequestInit = {}): Promise<Response> =>
    failed || support.refused
      ? fetch(url, init)
      : new Promise((resolve, reject) => {
          waiting = [...waiting, { init, resolve, reject }]
          if (waiting.length === 1) void flush(String(url))
        })
}

/** The answers of a batch by id, which may come in any order. */
const answersIn = (text: string): ReadonlyMap<string, Answer> => {
  const parsed = parse(text)
  const answers = Array.isArray(parsed) ? parsed.filter(isAnswer) : []
  return new Map(answers.map((answer) => [String(answer.id), answer]))
}

const isAnswer = (value: unknown): value is Answer => typeof value === "object" && value !== null && "id" in value

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
