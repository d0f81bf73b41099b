import { type IncomingMessage, request } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"
import type { Call } from "./templates.ts"

/** The answer to a call, without the parts that differ from run to run. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Headers of the connection and of a cache, which say nothing about a program. */
const OF_CONNECTION = new Set([
  "cf-cache-status",
  "connection",
  "content-length",
  "date",
  "keep-alive",
  "transfer-encoding"
])

/** Parts of texts that differ from run to run, in the order in which they are replaced. */
const VARYING: ReadonlyArray<readonly [RegExp, string]> = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, "<uuid>"],
  [/\b[0-9a-f]{64}\b/g, "<hash>"],
  [/(?<="id":")[\w-]{21}(?=")/g, "<nanoid>"],
  [/[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}/g, "<bookmark>"],
  [/\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d+)?Z?/g, "<time>"],
  [/\w{3} \w{3} \d{2} \d{4} \d{2}:\d{2}:\d{2} GMT\+0000 \(Coordinated Universal Time\)/g, "<time>"],
  [/\b1[78]\d{11}\b/g, "<milliseconds>"],
  [/"d1Latency":\d+/g, '"d1Latency":<n>'],
  [/^\d+ms$/g, "<n>ms"],
  // Miniflare makes an asset's of its path and its time.
  [/^"[0-9a-f]{32}"$/g, "<etag>"],
  [/eyJ[\w-]{20,}(\.[\w-]+)*/g, "<token>"]
]

/** Replaces a server's own address, and what differs from run to run. */
const normalize = (text: string, origin: string): string => {
  const { host } = new URL(origin)
  const plain = text
    .replaceAll(host, "site")
    .replaceAll(encodeURIComponent(host), "site")
    .replaceAll(encodeURIComponent(`://${new URL(origin).hostname}`), "%3A%2F%2Fsite")
  return VARYING.reduce((text, [pattern, name]) => text.replace(pattern, name), plain)
}

const converse = async (url: string, messages: ReadonlyArray<string>, origin: string): Promise<Answer> => {
  const socket = new WebSocket(url.replace(/^http/, "ws"))
  const heard: Array<string> = []
  socket.addEventListener("message", ({ data }) => heard.push(normalize(String(data), origin)))
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve)
    socket.addEventListener("error", () => reject(new Error("the socket does not open")))
  })
  for (const message of messages) socket.send(message)
  await sleep(1000)
  socket.close()
  return { status: 101, headers: {}, body: heard.join("\n") }
}

/** Node's `fetch` sets `sec-fetch-mode` itself, by which assets tell browsers that navigate. */
const ask = (url: string, method: string, { headers, body }: Pick<Call, "headers"> & { readonly body?: string }) =>
  new Promise<Pick<IncomingMessage, "headers"> & { readonly status: number; readonly body: Buffer }>(
    (resolve, reject) => {
      const sent = request(url, { method, headers: { ...headers, connection: "close" }, timeout: 30_000 }, (answer) => {
        const parts: Array<Buffer> = []
        answer
          .on("data", (part: Buffer) => parts.push(part))
          .on("error", reject)
          .on("end", () =>
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts) })
          )
      })
      sent.on("error", reject).on("timeout", () => sent.destroy(new Error("no answer")))
      sent.end(body)
    }
  )

/** Makes the calls in order. */
export const callAll = async (origin: string, calls: ReadonlyArray<Call>): Promise<ReadonlyArray<Answer>> => {
  const taken: Record<string, string> = {}
  const answers: Array<Answer> = []
  for (const { method = "GET", path, headers = {}, body, take = {}, send } of calls) {
    const url = origin + path.replace(/\{(\w+)\}/g, (_, name: string) => taken[name] ?? name)
    if (send !== undefined) {
      answers.push(await converse(url, send, origin))
      continue
    }
    const isText = body === undefined || typeof body === "string"
    const response = await ask(url, method, {
      headers: { ...(isText ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) })
    })
    const text = response.body.toString("latin1")
    for (const [name, pattern] of Object.entries(take)) taken[name] = new RegExp(pattern).exec(text)?.[1] ?? ""
    const kept = Object.entries(response.headers).filter(([name]) => !OF_CONNECTION.has(name))
    answers.push({
      status: response.status,
      headers: Object.fromEntries(kept.map(([name, value]) => [name, normalize(String(value), origin)])),
      body: normalize(text, origin)
    })
  }
  return answers
}

const around = (text: string, other: string): string => {
  let at = 0
  while (at < text.length && text[at] === other[at]) at++
  return JSON.stringify(text.slice(Math.max(0, at - 40), at + 160))
}

/** How two answers differ; empty where they are the same. */
export const differences = (ours: Answer, theirs: Answer): ReadonlyArray<string> => {
  const names = [...new Set([...Object.keys(ours.headers), ...Object.keys(theirs.headers)])]
  return [
    ...(ours.status === theirs.status ? [] : [`status ${ours.status}, wrangler ${theirs.status}`]),
    ...names
      .filter((name) => ours.headers[name] !== theirs.headers[name])
      .map((name) => `${name}: ${ours.headers[name]}, wrangler ${theirs.headers[name]}`),
    ...(ours.body === theirs.body
      ? []
      : [`body ${around(ours.body, theirs.body)}, wrangler ${around(theirs.body, ours.body)}`])
  ]
}
