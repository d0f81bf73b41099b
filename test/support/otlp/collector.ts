import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { text } from "node:stream/consumers"
import { decodeRequest, type LogRecord, type Point, type Span } from "./decode.ts"

/** How a collector answers: as it should, never, with 500, after 2 s, with an endless body, or with a redirect to `/other`. */
export type Manner = "well" | "never" | "500" | "slowly" | "endlessly" | "redirect"

/** A collector of OpenTelemetry's in this process: it decodes OTLP/JSON strictly, and keeps all that it gets. */
export interface TestCollector {
  readonly url: string
  manner: Manner
  /** The requests that came, whatever it answered. */
  requests: number
  readonly spans: Array<Span>
  readonly logs: Array<LogRecord>
  points: ReadonlyArray<Point>
  /** Every request as it came: path, headers and body. */
  readonly intake: Array<string>
  /** Requests that were no OTLP. */
  readonly errors: Array<string>
  /** The sum of a counter, of the points that have these attributes. */
  readonly sum: (name: string, attributes?: Readonly<Record<string, string>>) => bigint
  readonly stop: () => Promise<void>
}

/** Starts a collector on a free port of this machine. It decodes all, and keeps all, or for a long run only the `points` of metrics. */
export const startCollector = async (keeps: "all" | "points" = "all"): Promise<TestCollector> => {
  const server = createServer((request, response) => {
    void handle(request, response).catch((cause: unknown) => {
      // A request that was cut off says nothing.
      if (request.complete) collector.errors.push(String(cause))
      response.writeHead(400).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const collector: TestCollector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    manner: "well",
    requests: 0,
    spans: [],
    logs: [],
    points: [],
    intake: [],
    errors: [],
    sum: (name, attributes = {}) =>
      collector.points
        .filter((point) => point.name === name)
        .filter((point) => Object.entries(attributes).every(([key, value]) => point.attributes[key] === value))
        .reduce((total, { value }) => total + value, 0n),
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    collector.requests++
    const body = await text(request)
    const { url = "", method, headers } = request
    if (keeps === "all") collector.intake.push(`${method} ${url} ${JSON.stringify(headers)}\n${body}`)
    const manner = collector.manner
    if (manner === "never") return
    if (manner === "500") return void response.writeHead(500).end("no")
    if (manner === "redirect") return void response.writeHead(307, { location: "/other" }).end()
    if (manner === "endlessly") return pour(response)
    if (manner === "slowly") await new Promise((resolve) => setTimeout(resolve, 2000))
    if (method !== "POST" || headers["content-type"] !== "application/json")
      throw new Error(`${method} ${url}: no OTLP`)
    const { spans, logs, points } = decodeRequest(url, body)
    if (keeps === "all") {
      collector.spans.push(...spans)
      collector.logs.push(...logs)
    }
    // The gateway sends a batch again whose answer was lost.
    const again = new Set(points.map(({ key }) => key))
    collector.points = [...collector.points.filter(({ key }) => !again.has(key)), ...points]
    response.writeHead(200, { "content-type": "application/json" }).end("{}")
  }
  return collector
}

/** Answers with a body that does not end, as fast as it is read. */
const pour = (response: ServerResponse): void => {
  const chunk = "x".repeat(65_536)
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
  }
  response.writeHead(200).on("drain", more)
  more()
}
