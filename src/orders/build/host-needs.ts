import * as Effect from "effect/Effect"
import type { Diagnostic } from "../../bundler/diagnostics.ts"
import { lineAt } from "../../bundler/project/jsonc.ts"
import { setting } from "../../config.ts"
import { type Capability, ControlPlaneClient } from "../../control-plane/ControlPlaneClient.ts"
import type { Files } from "../../domain/Order.ts"
import type { Equipment } from "./equipment.ts"

/** Something that a program needs from its host. */
interface Need {
  readonly capability: Capability
  /** The name of its binding or file, by which the configuration names it. */
  readonly name: string
  readonly text: string
}

const need =
  (capability: Capability, what: string) =>
  (name: string): Need => ({
    capability,
    name,
    text: `${name} needs ${what}, and this service gives none`
  })

const needsOf = (
  { resources, assets, modules = [] }: Equipment,
  secrets: ReadonlyArray<string>
): ReadonlyArray<Need> => [
  ...(resources?.kv ?? []).map(need("kv", "a KV namespace")),
  ...(resources?.r2 ?? []).map(need("r2", "an R2 bucket")),
  ...(resources?.database == null ? [] : [need("d1", "a D1 database")(resources.database)]),
  ...(resources?.durableObjects?.bindings ?? []).map(({ name }) => need("durable_objects", "a Durable Object")(name)),
  ...(assets == null
    ? []
    : [
        {
          capability: "assets" as const,
          name: "assets",
          text: "The project has static files, and this service serves none"
        }
      ]),
  ...modules.map(({ name }) => need("modules", "a module beside the code")(name)),
  ...secrets.map((name) => need("secrets", "a secret")(`env.${name}`))
]

const CONFIGS = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"]

/** Returns the place of a name in the project's configuration; its beginning if the name is not found there. */
const placeOf = (files: Files, name: string): Pick<Diagnostic, "file" | "line" | "column" | "source"> => {
  const file = CONFIGS.find((path) => Object.hasOwn(files, path)) ?? ""
  const text = files[file]
  if (typeof text !== "string") return { file, line: 0, column: 0 }
  const offset = Math.max(text.indexOf(`"${name}"`), text.indexOf(`'${name}'`), text.indexOf(`[${name}]`))
  if (offset < 0) return { file, line: 1, column: 1 }
  const before = text.slice(0, offset).split("\n")
  const source = lineAt(text, before.length)
  return {
    file,
    line: before.length,
    column: (before.at(-1) ?? "").length + 1,
    ...(source.length <= 200 && { source })
  }
}

/** Returns the number of bytes that contents have, which are in base64 with its padding. */
const bytesOf = (files: Readonly<Record<string, string>>): number =>
  Object.values(files).reduce((sum, base64) => {
    const padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0
    return sum + Math.floor(((base64.length - padding) * 3) / 4)
  }, 0)

/** Returns the means that a program can have: those that the host gives, without those that the operator does not offer. */
export const givenBy = (
  capabilities: ReadonlyArray<Capability>,
  offered: ReadonlyArray<string>
): ReadonlyArray<Capability> =>
  capabilities.filter((one) => one === "secrets" || one === "modules" || offered.includes(one))

/**
 * Returns a diagnostic for everything that a program needs and the host cannot give, or the operator does not offer
 * (`RESOURCES`, `ASSET_LIMIT`). `secrets` are the names of secrets.
 */
export const findUnmetNeeds = Effect.fn("OrderWorkflow.findUnmetNeeds")(function* (
  files: Files,
  equipment: Equipment,
  secrets: ReadonlyArray<string>
) {
  const needs = needsOf(equipment, secrets)
  if (needs.length === 0) return []
  const { capabilities } = yield* ControlPlaneClient
  const offered = yield* setting("RESOURCES")
  const limit = yield* setting("ASSET_LIMIT")
  const given = givenBy(capabilities, offered)
  const hint = given.length === 0 ? "It runs code alone." : `It gives: ${given.join(", ")}.`
  const unmet: Array<Diagnostic> = needs
    .filter(({ capability }) => !given.includes(capability))
    .map(({ name, text }) => ({ ...placeOf(files, name), text, hint }))
  const bytes = equipment.assets == null ? 0 : bytesOf(equipment.assets.files)
  if (bytes > limit) {
    const text = `The static files have ${bytes} bytes, and may have ${limit}`
    unmet.push({ ...placeOf(files, "assets"), text, hint: "Leave files out, or serve them from another place." })
  }
  return unmet
})
