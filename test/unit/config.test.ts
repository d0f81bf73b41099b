import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Layer from "effect/Layer"
import { registry as built } from "../../src/bundler/generated/registry.js"
import { layerSettings, registryOf, requireSettings, Settings } from "../../src/config.ts"
import { testSettings } from "../support/gateway.ts"

const settings = (environment: Record<string, string>) =>
  Effect.provide(
    Effect.map(Settings, (settings) => settings),
    Layer.fresh(layerSettings().pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(environment)))))
  )

describe("settings", () => {
  it.effect("have defaults except for secrets and addresses", () =>
    Effect.gen(function* () {
      const { missing, complete } = yield* settings(testSettings)
      assert.deepStrictEqual(missing, [])
      const { DEPLOY_PRICE, TTL_HOURS, REALM, IMPORT_HOSTS, PUBLIC_ORIGIN } = complete!
      assert.deepStrictEqual(
        [DEPLOY_PRICE, TTL_HOURS, REALM, IMPORT_HOSTS, PUBLIC_ORIGIN],
        ["0.10", 24, "gateway.test", ["esm.sh"], undefined]
      )
    })
  )

  it.effect("list the names of missing and malformed settings, never the values", () =>
    Effect.gen(function* () {
      const incomplete = yield* settings({
        ...testSettings,
        DEPLOY_PRICE: "ten cents",
        EXECUTE_PRICE: "0.00",
        TTL_HOURS: "0.001"
      })
      assert.deepStrictEqual(incomplete.missing, ["DEPLOY_PRICE", "EXECUTE_PRICE", "TTL_HOURS"])
      assert.isUndefined(incomplete.complete)
      assert.isUndefined(incomplete.DEPLOY_PRICE)
      const defect = yield* Effect.catchDefect(requireSettings(incomplete, "REALM", "DEPLOY_PRICE"), Effect.succeed)
      assert.strictEqual(String(defect), "Error: the setting DEPLOY_PRICE is missing or malformed")
      assert.strictEqual((yield* requireSettings(incomplete, "REALM")).REALM, "gateway.test")
    })
  )

  it.effect("take an e-mail address for questions, or none", () =>
    Effect.gen(function* () {
      const email = (CONTACT_EMAIL: string) => settings({ ...testSettings, CONTACT_EMAIL })
      assert.strictEqual((yield* email("jane@compute.example")).CONTACT_EMAIL, "jane@compute.example")
      for (const malformed of ["jane", "jane@", "jane doe@compute.example", "<jane@compute.example>"])
        assert.deepStrictEqual((yield* email(malformed)).missing, ["CONTACT_EMAIL"], malformed)
      assert.deepStrictEqual((yield* settings(testSettings)).missing, [])
    })
  )

  it.effect("take a collector of telemetry with secret headers, or none", () =>
    Effect.gen(function* () {
      const headers = (OTEL_EXPORTER_OTLP_HEADERS: string) =>
        settings({ ...testSettings, OTEL_EXPORTER_OTLP_ENDPOINT: "https://otel.test", OTEL_EXPORTER_OTLP_HEADERS })
      const { missing, OTEL_EXPORTER_OTLP_ENDPOINT, ...taken } = yield* headers("x-key=a%20key")
      assert.deepStrictEqual([missing, OTEL_EXPORTER_OTLP_ENDPOINT], [[], "https://otel.test"])
      assert.notInclude(String(taken.OTEL_EXPORTER_OTLP_HEADERS), "a key")
      assert.deepStrictEqual(Redacted.value(taken.OTEL_EXPORTER_OTLP_HEADERS!), { "x-key": "a key" })
      assert.deepStrictEqual((yield* headers("x-key")).missing, ["OTEL_EXPORTER_OTLP_HEADERS"])
      const unset = yield* settings({ ...testSettings, OTEL_EXPORTER_OTLP_ENDPOINT: "" })
      assert.deepStrictEqual([unset.missing, unset.OTEL_EXPORTER_OTLP_ENDPOINT], [[], undefined])
      for (const OTEL_EXPORTER_OTLP_ENDPOINT of ["otel.test:4318", "http://[", "https://otel.test:99999"]) {
        const { missing } = yield* settings({ ...testSettings, OTEL_EXPORTER_OTLP_ENDPOINT })
        assert.deepStrictEqual(missing, ["OTEL_EXPORTER_OTLP_ENDPOINT"])
      }
    })
  )

  it.effect("name the registry of packages, or none", () =>
    Effect.gen(function* () {
      const registry = (changes: Record<string, string>) =>
        Effect.map(settings({ ...testSettings, ...changes }), registryOf)
      assert.strictEqual(yield* registry({}), "https://registry.test/")
      assert.strictEqual(yield* registry({ NPM_REGISTRY: "http://mirror.test/npm/" }), "http://mirror.test/npm/")
      assert.isUndefined(yield* registry({ NPM_PACKAGES: "off" }))
      const { missing } = yield* settings({ ...testSettings, NPM_PACKAGES: "yes", NPM_REGISTRY: "ftp://x" })
      assert.deepStrictEqual(missing, ["NPM_PACKAGES", "NPM_REGISTRY"])
      const { NPM_REGISTRY: _, ...others } = testSettings
      assert.strictEqual((yield* settings(others)).NPM_REGISTRY, built)
    })
  )

  const alpha = "0x20c0000000000000000000000000000000000001"
  const usdc = "0x20C000000000000000000000b9537d11c60E8b50"
  const lists: ReadonlyArray<readonly [settings: Record<string, string>, tokens: string]> = [
    [{}, "pathUSD 0x20c0000000000000000000000000000000000000"],
    [{ TEMPO_CURRENCIES: "AlphaUSD" }, `AlphaUSD ${alpha}`],
    [{ TEMPO_CURRENCY: alpha }, `AlphaUSD ${alpha}`],
    // An empty setting is none.
    [{ TEMPO_CURRENCY: alpha, TEMPO_CURRENCIES: "" }, `AlphaUSD ${alpha}`],
    [{ TEMPO_CURRENCY: usdc }, `${usdc} ${usdc}`],
    [{ TEMPO_CURRENCY: usdc, TEMPO_NETWORK: "mainnet" }, `USDC.e ${usdc}`],
    [
      { TEMPO_CURRENCIES: "betausd , pathUSD", TEMPO_CURRENCY: alpha, TEMPO_NETWORK: "testnet" },
      "BetaUSD …2, pathUSD …0"
    ],
    [{ TEMPO_NETWORK: "mainnet" }, "pathUSD …0, USDC.e …0"],
    [{ TEMPO_CURRENCIES: `USDC.e,${alpha}`, TEMPO_NETWORK: "mainnet" }, `USDC.e …0, ${alpha} …1`]
  ]
  for (const [changes, expected] of lists)
    it.effect(`list the tokens for ${JSON.stringify(changes)}`, () =>
      Effect.map(settings({ ...testSettings, ...changes }), ({ TEMPO_CURRENCIES, missing }) => {
        assert.deepStrictEqual(missing, [])
        const address = (full: string) => (expected.includes("…") ? `…${full.slice(-1)}` : full)
        const found = TEMPO_CURRENCIES?.map((token) => `${token.name} ${address(token.address)}`)
        assert.strictEqual(found?.join(", "), expected)
      })
    )

  const six = Array.from({ length: 6 }, (_, at) => alpha.slice(0, -1) + at).join()
  const twice = `${usdc},${usdc.toLowerCase()}`
  const malformed = ["pathUSD,", "pathUSD,USDC.e", "pathUSD,pathusd", `AlphaUSD,${alpha}`, "0x12", "usd;AlphaUSD"]
  for (const list of [...malformed, "constructor", six, twice])
    it.effect(`refuse the list of tokens "${list}"`, () =>
      Effect.map(settings({ ...testSettings, TEMPO_CURRENCIES: list }), ({ missing }) =>
        assert.deepStrictEqual(missing, ["TEMPO_CURRENCIES"])
      )
    )

  it.effect("name a malformed network or token once", () =>
    Effect.gen(function* () {
      const { missing } = yield* settings({ ...testSettings, TEMPO_NETWORK: "moderato", TEMPO_CURRENCY: "0x1" })
      assert.deepStrictEqual(missing, ["TEMPO_NETWORK", "TEMPO_CURRENCY"])
    })
  )

  it.effect("list the import hosts, or none", () =>
    Effect.gen(function* () {
      const hosts = (value: string) =>
        Effect.map(settings({ ...testSettings, IMPORT_HOSTS: value }), ({ IMPORT_HOSTS }) => IMPORT_HOSTS)
      assert.deepStrictEqual(yield* hosts("esm.sh, cdn.example"), ["esm.sh", "cdn.example"])
      assert.deepStrictEqual(yield* hosts("none"), [])
    })
  )
})
