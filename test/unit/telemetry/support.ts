import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { layerSettings } from "../../../src/config.ts"
import { layerOtlp } from "../../../src/telemetry/layer.ts"
import { testSettings } from "../../support/gateway.ts"

/** Telemetry to a collector, in this process. `waiting` has what the requests leave to be done after their answers. */
export const telemetryTo = (url: string | undefined, settings: Readonly<Record<string, string>> = {}) => {
  const waiting: Array<Promise<unknown>> = []
  const provider = ConfigProvider.fromUnknown({
    ...testSettings,
    ...settings,
    ...(url !== undefined && { OTEL_EXPORTER_OTLP_ENDPOINT: url })
  })
  const layer = layerOtlp((work) => void waiting.push(work)).pipe(
    Layer.provide(layerSettings()),
    Layer.provide(ConfigProvider.layer(provider))
  )
  return {
    waiting,
    layer,
    /** Runs a program as a request would, and does afterwards what it has left. */
    run: async <A, E>(program: Effect.Effect<A, E>): Promise<A> => {
      const result = await Effect.runPromise(Effect.provide(program, layer))
      await Promise.all(waiting.splice(0))
      return result
    }
  }
}
