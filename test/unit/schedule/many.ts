import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import { layerSettings } from "../../../src/config.ts"
import { layerJack } from "../../../src/control-plane/jack/Jack.ts"
import { layerExpiryStoreMemory } from "../../../src/expiry/testing.ts"
import { DeploymentIds } from "../../../src/ids/DeploymentIds.ts"
import { Orders } from "../../../src/orders/Orders.ts"
import { layerSweep, Sweep } from "../../../src/schedule/Sweep.ts"
import { SweepCursor } from "../../../src/schedule/SweepCursor.ts"
import { testSettings } from "../../support/gateway.ts"
import type { Row } from "../../support/many-projects.ts"

const encoder = new TextEncoder()

/** Jack with many projects, and the sweep over them. Its parts can be made slow, broken or dead. */
export const world = (rows: ReadonlyArray<Row>, claimed: ReadonlySet<string> = new Set()) => {
  const projects = new Map(rows.map((row) => [row.id, row]))
  const state = {
    projects,
    deletes: [] as Array<string>,
    cursor: "",
    /** How many pieces of the list were pulled. */
    pulled: 0,
    /** Runs before each delete. */
    beforeDelete: async () => {},
    /** The list's pieces, as texts. */
    pieces: function* (rowsAtOnce = 50): Iterable<string | Promise<string>> {
      yield '{"projects":['
      let text = ""
      let count = 0
      for (const row of projects.values()) {
        text += (count++ === 0 ? "" : ",") + JSON.stringify(row)
        if (count % rowsAtOnce > 0) continue
        yield text
        text = ""
      }
      yield `${text}]}`
    }
  }
  const list = () => {
    const pieces = state.pieces()[Symbol.iterator]()
    return new Response(
      new ReadableStream<Uint8Array>(
        {
          pull: async (controller) => {
            state.pulled++
            const piece = pieces.next()
            if (piece.done === true) controller.close()
            else controller.enqueue(encoder.encode(await piece.value))
          }
        },
        { highWaterMark: 0 }
      )
    )
  }
  const fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const { method, url } = new Request(input, init)
    const id = decodeURIComponent(new URL(url).pathname.slice("/v1/projects/".length))
    if (method === "GET") return list()
    await state.beforeDelete()
    if (!projects.delete(id)) return Response.json({ error: "not_found" }, { status: 404 })
    state.deletes.push(id)
    return Response.json({ success: true })
  }
  const settings = { ...testSettings, CONTROL_PLANE_URL: "https://control.test" }
  const jack = layerJack.pipe(
    Layer.provide([layerSettings(), FetchHttpClient.layer]),
    Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch as typeof globalThis.fetch)),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(settings)))
  )
  const orders = Layer.succeed(Orders, {
    claims: (_: string, projectId: string) => Effect.succeed(claimed.has(projectId))
  } as unknown as Orders["Service"])
  const cursor = Layer.succeed(SweepCursor, {
    read: Effect.sync(() => state.cursor),
    save: (place: string) => Effect.sync(() => void (state.cursor = place))
  })
  const ids = Layer.succeed(DeploymentIds, { note: (some: unknown) => some } as unknown as DeploymentIds["Service"])
  const layer = layerSweep.pipe(
    Layer.provideMerge(jack),
    Layer.provide([orders, cursor, ids, layerExpiryStoreMemory()])
  )
  const sweep = Effect.flatMap(Sweep, ({ run }) => run)
  return {
    state,
    layer,
    sweep: Effect.provide(sweep, layer),
    run: () => Effect.runPromise(Effect.provide(sweep, layer))
  }
}
