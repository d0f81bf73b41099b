import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { registry } from "./bundler/generated/registry.js"
import { type Currency, parseCurrencies } from "./domain/currencies.ts"
import { parseHeaderList } from "./domain/header-list.ts"

/** A price in dollars, a decimal string with at most six decimals: `"0.10"`. Never 0: a challenge for 0 asks for a proof. */
const Price = Schema.String.check(Schema.isPattern(/^(?!0(\.0+)?$)(0|[1-9]\d{0,8})(\.\d{1,6})?$/))

/** A Tempo address: `0x` and 40 hexadecimal digits. */
const Address = Schema.String.check(Schema.isPattern(/^0x[0-9a-fA-F]{40}$/))

/** A token of Jack's, as `jack tokens create` prints it. */
const Token = Schema.String.check(Schema.isPattern(/^jkt_[0-9a-f]{64}$/))

/** From 60 seconds, the shortest expiry that KV takes, to a year. */
const Hours = Schema.FiniteFromString.check(Schema.isBetween({ minimum: 1 / 60, maximum: 8760 }))

/** Days, fractions too, up to ten years. */
const Days = Schema.FiniteFromString.check(Schema.isBetween({ minimum: 1 / 1440, maximum: 3650 }))

/** A number of things, from 1. */
const Count = Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 1_000_000 }))

/** Host names, separated by commas; `none` for none. */
const Hosts = Schema.String.check(Schema.isPattern(/^(none|[a-z0-9.-]+\.[a-z]{2,}(, ?[a-z0-9.-]+\.[a-z]{2,})*)$/))

/** Characters that a header holds between quotes (RFC 9110, 5.6.4) without escapes. */
const Realm = Schema.String.check(Schema.isPattern(/^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/))

const Secret = Schema.String.check(Schema.isMinLength(32))

/** `undefined` where the setting is not set. A malformed one still counts as missing. */
const optional = <A>(config: Config.Config<A>): Config.Config<A | undefined> =>
  config.pipe(Config.option, Config.map(Option.getOrUndefined))

/** `fallback` where the setting is missing or malformed. */
const or =
  <B>(fallback: B) =>
  <A>(config: Config.Config<A>): Config.Config<A | B> =>
    Config.orElse(config, () => Config.succeed(fallback))

/** Kinds of resources, separated by commas; `none` for none. */
const Kinds = Schema.String.check(
  Schema.isPattern(/^(none|(kv|d1|r2|durable_objects|assets)(, ?(kv|d1|r2|durable_objects|assets))*)$/)
)

/** Bytes of files, from none to 20 MiB. */
const Bytes = Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 0, maximum: 20_971_520 }))

/** The tokens of `TEMPO_CURRENCIES`. Another setting that is malformed is reported by its own name. */
const currencies: Config.Config<ReadonlyArray<Currency>> = Config.all([
  Config.schema(Schema.String, "TEMPO_CURRENCIES").pipe(optional),
  Config.schema(Address, "TEMPO_CURRENCY").pipe(optional, or(undefined)),
  Config.Literals(["mainnet", "testnet", "local"], "TEMPO_NETWORK").pipe(or("mainnet" as const))
]).pipe(
  Config.mapEffect(([list, one, network]) => {
    const parsed = parseCurrencies(list ?? one, network)
    if (parsed !== undefined) return Effect.succeed(parsed)
    const message = "TEMPO_CURRENCIES is no list of tokens on this network"
    return Effect.fail(new Config.ConfigError(new ConfigProvider.SourceError({ message })))
  })
)

const HttpUrl = Schema.String.check(Schema.isPattern(/^https?:\/\/[^\s]+$/))

/** The URL of a collector, to which a path is added. */
const Collector = HttpUrl.check(Schema.makeFilter((url: string) => URL.canParse(url)))

/** Headers, as `parseHeaderList` reads them. */
const HeaderList = Schema.String.check(
  Schema.isMaxLength(4096),
  Schema.makeFilter((list: string) => parseHeaderList(list) !== undefined)
)

/** An address without a path: scheme, host and port. */
const Origin = Schema.String.check(
  Schema.isMaxLength(255),
  Schema.isPattern(/^https?:\/\/[a-z0-9.-]+(:\d{1,5})?$/),
  Schema.makeFilter((origin: string) => URL.canParse(origin))
)

/** An e-mail address: one @, no blanks. */
const Email = Schema.String.check(Schema.isMaxLength(254), Schema.isPattern(/^[^\s@<>"]+@[^\s@<>"]+$/))

/**
 * Every setting of the gateway: its name in the environment, its default and its meaning. A setting without a default is
 * required; while one is missing or malformed, `/health` names it and the paid endpoints answer 503 `not_configured`.
 */
const settings = {
  /**
   * Secret, at least 32 characters: the HMAC key of the payment challenges, and the root of the keys that encrypt `env`. A change
   * of it voids unpaid challenges, and makes stored secrets unreadable until their payers send them again.
   */
  MPP_SECRET_KEY: Config.schema(Secret, "MPP_SECRET_KEY").pipe(Config.map(Redacted.make)),
  /**
   * The protection space that challenges name (RFC 9110, 11.5), never taken from the request's Host. It has no default,
   * because the realm alone separates two gateways that share a secret and a recipient: each refuses payments for the
   * other's realm (Jack's secrets belong to a machine, not to a project). `wrangler.jsonc` sets the project's own name.
   */
  REALM: Config.schema(Realm, "REALM"),
  /**
   * Clients reach the gateway at this origin: `https://compute.example`, no path. Discovery and `status_url` use it. Without
   * it they use the `Host` header of each request, and no shared cache keeps those answers.
   */
  PUBLIC_ORIGIN: Config.schema(Origin, "PUBLIC_ORIGIN").pipe(optional),
  /** The operator's e-mail address, which `/openapi.json` and `/llms.txt` name. Directories verify their entries by it. */
  CONTACT_EMAIL: Config.schema(Email, "CONTACT_EMAIL").pipe(optional),
  /** Clients pay this Tempo address. */
  TEMPO_RECIPIENT: Config.schema(Address, "TEMPO_RECIPIENT"),
  /** `mainnet` (chain 4217), `testnet` (Moderato, 42431) or `local` (1337, the chain of the local stack). */
  TEMPO_NETWORK: Config.Literals(["mainnet", "testnet", "local"], "TEMPO_NETWORK").pipe(
    Config.withDefault("mainnet" as const)
  ),
  /** The URL of the chain's JSON-RPC. Without it the gateway asks the network's public one. */
  TEMPO_RPC_URL: Config.schema(HttpUrl, "TEMPO_RPC_URL").pipe(optional),
  /**
   * Clients may pay in these tokens, at the same price. Names (`pathUSD`, on mainnet `USDC.e`, on the others `AlphaUSD`, `BetaUSD`,
   * `ThetaUSD`) or addresses, separated by commas, at most five. Each needs six decimals. Clients that do not compare pay the
   * first. The default is `pathUSD,USDC.e` on mainnet, and `pathUSD` on the others.
   */
  TEMPO_CURRENCIES: currencies,
  /** The address of one token: the same as a `TEMPO_CURRENCIES` of one. It does not count if that is set. */
  TEMPO_CURRENCY: Config.schema(Address, "TEMPO_CURRENCY").pipe(optional),
  /** A deploy costs this, in dollars. */
  DEPLOY_PRICE: Config.schema(Price, "DEPLOY_PRICE").pipe(Config.withDefault("0.10")),
  /** Running code once costs this, in dollars. */
  EXECUTE_PRICE: Config.schema(Price, "EXECUTE_PRICE").pipe(Config.withDefault("0.01")),
  /** The control plane that hosts what is deployed. */
  CONTROL_PLANE_URL: Config.schema(HttpUrl, "CONTROL_PLANE_URL").pipe(
    Config.withDefault("https://control.getjack.org")
  ),
  /** Secret: Jack's API token, `jkt_` and 64 hexadecimal digits. */
  CONTROL_PLANE_TOKEN: Config.schema(Token, "CONTROL_PLANE_TOKEN").pipe(Config.map(Redacted.make)),
  /**
   * Secret, at least 32 characters: the password of the operator's pages at `/operator`, whose name is `operator`. Without it there
   * are no such pages.
   */
  OPERATOR_TOKEN: Config.schema(Secret, "OPERATOR_TOKEN").pipe(Config.map(Redacted.make), optional),
  /**
   * Traces, metrics and logs go to this OpenTelemetry collector, by OTLP over HTTP: `https://otel.example`, without `/v1/traces`. Without
   * it nothing is sent. `docs/operating.md` says what is in them.
   */
  OTEL_EXPORTER_OTLP_ENDPOINT: Config.schema(Collector, "OTEL_EXPORTER_OTLP_ENDPOINT").pipe(optional),
  /** Secret: headers for the collector, `name=value` separated by commas, values percent-encoded. */
  OTEL_EXPORTER_OTLP_HEADERS: Config.schema(HeaderList, "OTEL_EXPORTER_OTLP_HEADERS").pipe(
    Config.map((list) => Redacted.make(parseHeaderList(list) ?? {})),
    optional
  ),
  /** The project of this Worker, where Jack runs it. Jack sets this binding; never set it by hand. */
  PROJECT_ID: Config.NonEmptyString("PROJECT_ID").pipe(optional),
  /** A deployment lives this long, and a run's output is kept this long: hours from its delivery, fractions down to 60 s. */
  TTL_HOURS: Config.schema(Hours, "TTL_HOURS").pipe(Config.withDefault(24)),
  /** A renewal may reach this many days ahead of the moment at which it is bought. */
  MAX_DAYS: Config.schema(Days, "MAX_DAYS").pipe(Config.withDefault(30)),
  /** One payer may have this many deployments at once, live or being bought. Renewals and runs do not count. */
  MAX_LIVE_PER_PAYER: Config.schema(Count, "MAX_LIVE_PER_PAYER").pipe(Config.withDefault(50)),
  /** `off`: every new purchase is answered with 503 `sales_paused`. What is paid for is served. The operator's switch does the same. */
  SALES: Config.Literals(["on", "off"], "SALES").pipe(Config.withDefault("on" as const)),
  /** Deployed code may import modules from these hosts by URL. Separated by commas; `none` for none. */
  IMPORT_HOSTS: Config.schema(Hosts, "IMPORT_HOSTS").pipe(
    Config.withDefault("esm.sh"),
    Config.map((hosts) =>
      hosts
        .split(",")
        .map((host) => host.trim())
        .filter((host) => host !== "" && host !== "none")
    )
  ),
  /**
   * Deployed code may have these resources, as far as the host gives them: `kv`, `d1`, `r2`, `durable_objects`, `assets`.
   * Separated by commas; `none` for none. The default omits `r2`, because Jack cannot delete a bucket with files in it.
   */
  RESOURCES: Config.schema(Kinds, "RESOURCES").pipe(
    Config.withDefault("kv,d1,durable_objects,assets"),
    Config.map((kinds) => kinds.split(",").map((kind) => kind.trim()))
  ),
  /** The static files of a deployment have at most this many bytes, beside its source. */
  ASSET_LIMIT: Config.schema(Bytes, "ASSET_LIMIT").pipe(Config.withDefault(2_097_152)),
  /** `on`: deployed code may import npm packages; the gateway fetches them from `NPM_REGISTRY`. `off`: it fetches none. */
  NPM_PACKAGES: Config.Literals(["on", "off"], "NPM_PACKAGES").pipe(Config.withDefault("on" as const)),
  /**
   * The npm registry. The default is the registry that npm was configured for where the Worker was built. Where that was not
   * known, the default is empty, and no packages can be imported.
   */
  NPM_REGISTRY: Config.schema(HttpUrl, "NPM_REGISTRY").pipe(
    Config.withDefault(registry),
    Config.map((url) => (url === "" || url.endsWith("/") ? url : `${url}/`))
  )
}

/** The registry that packages are fetched from; `undefined` while they are off, or no registry is known. */
export const registryOf = ({ NPM_PACKAGES, NPM_REGISTRY }: Partial<Values>): string | undefined =>
  NPM_PACKAGES === "on" && NPM_REGISTRY !== "" ? NPM_REGISTRY : undefined

/** Every setting's value by its name; an optional setting that is not set is `undefined`. */
export type Values = { readonly [K in keyof typeof settings]: Config.Success<(typeof settings)[K]> }

/** Reads every setting once. A required binding that is absent is missing like a setting. */
const load = Effect.fnUntraced(function* (bindings: Readonly<Record<string, unknown>>) {
  const values: Record<string, unknown> = {}
  const missing = Object.keys(bindings).filter((name) => bindings[name] === undefined)
  for (const [name, config] of Object.entries(settings)) {
    const value = yield* Effect.option(config as Config.Config<unknown>)
    if (Option.isSome(value)) values[name] = value.value
    else missing.push(name)
  }
  const known = values as Partial<Values>
  return Settings.of({ ...known, missing, complete: missing.length === 0 ? (known as Values) : undefined })
})

/**
 * The settings, decoded once. Loading never fails: a missing or malformed value is `undefined`. Health and discovery read
 * single values; the paid endpoints read `complete`.
 */
export class Settings extends Context.Service<
  Settings,
  Partial<Values> & {
    /** Names of the settings that are missing or malformed, and of the required bindings that are missing. */
    readonly missing: ReadonlyArray<string>
    /** All values; `undefined` while anything is missing, because then nothing is for sale. */
    readonly complete: Values | undefined
  }
>()("mpp-compute/config/Settings") {}

/**
 * Reads the environment. `bindings` are required, by their names: an `undefined` one is missing like a setting, because
 * platforms take bindings away from a Worker that runs.
 */
export const layerSettings = (bindings: Readonly<Record<string, unknown>> = {}) =>
  Layer.effect(Settings, load(bindings))

/**
 * The settings that one service needs. The service reads them when it works, not when its layer is built, because a gateway
 * without them must start to answer 503. Paid orders resume while other settings are missing. A missing setting of `names`
 * is a defect, because the gateway sells nothing then.
 */
export const requireSettings = <K extends keyof Values>(
  settings: Settings["Service"],
  ...names: ReadonlyArray<K>
): Effect.Effect<Pick<Values, K>> =>
  Effect.suspend(() => {
    const missing = names.find((name) => settings.missing.includes(name))
    return missing === undefined
      ? Effect.succeed(settings as Pick<Values, K>)
      : Effect.die(new Error(`the setting ${missing} is missing or malformed`))
  })

/** The value of one setting that is complete, read when it is needed. A missing one is a defect, as in `requireSettings`. */
export const setting = <K extends keyof Values>(name: K): Effect.Effect<Values[K], never, Settings> =>
  Effect.flatMap(Settings, (settings) => Effect.map(requireSettings(settings, name), (values) => values[name]))
