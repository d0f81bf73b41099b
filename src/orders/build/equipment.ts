import type { Bundle } from "../../bundler/index.ts"

/** A module that the code imports, and that is uploaded beside it. */
export interface BundledModule {
  readonly name: string
  readonly kind: "wasm" | "text" | "data"
  readonly base64: string
}

/** The needs of a program beside its code. The bundler reads them from the project's configuration. */
export interface Equipment {
  readonly modules?: ReadonlyArray<BundledModule>
  readonly compatibilityDate?: string
  /** Texts in `env`. */
  readonly vars?: Readonly<Record<string, string>>
  readonly resources?: {
    readonly kv: ReadonlyArray<string>
    readonly r2: ReadonlyArray<string>
    readonly database: string | null
    readonly durableObjects: {
      readonly bindings: ReadonlyArray<{ readonly name: string; readonly className: string }>
    } | null
  }
  readonly assets?: { readonly binding: string | null; readonly files: Readonly<Record<string, string>> } | null
  readonly migrations?: object | null
}

const FIELDS = ["modules", "compatibilityDate", "vars", "resources", "assets", "migrations"] as const

/** Picks the needs from a bundle: only those that it has, because an upload without any is as small as ever. */
export const equipmentOf = (bundle: Bundle & Equipment): Equipment =>
  Object.fromEntries(FIELDS.flatMap((field) => (isNeeded(bundle[field]) ? [[field, bundle[field]]] : [])))

const isNeeded = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.length > 0
    : typeof value === "object" && value !== null
      ? Object.values(value).some(isNeeded)
      : value !== undefined && value !== null

/** The kinds of bindings that a host gives a program. */
export type BindingKind = "kv" | "r2" | "d1" | "durable_object" | "assets"

/** Returns the bindings of a program by their names in `env`, without its texts. */
export const bindingsOf = ({ resources, assets }: Equipment): Readonly<Record<string, BindingKind>> => ({
  ...named("kv", resources?.kv ?? []),
  ...named("r2", resources?.r2 ?? []),
  ...named("d1", resources?.database == null ? [] : [resources.database]),
  ...named("durable_object", resources?.durableObjects?.bindings.map(({ name }) => name) ?? []),
  ...named("assets", assets?.binding == null ? [] : [assets.binding])
})

const named = (kind: BindingKind, names: ReadonlyArray<string>): Readonly<Record<string, BindingKind>> =>
  Object.fromEntries(names.map((name) => [name, kind]))

/** Returns the first secret with the name of a binding or a variable; `undefined` if there is none. */
export const findConflict = (secrets: ReadonlyArray<string>, equipment: Equipment): string | undefined => {
  const taken = { ...equipment.vars, ...bindingsOf(equipment) }
  return secrets.find((name) => Object.hasOwn(taken, name))
}
