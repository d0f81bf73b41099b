import type { Bundle } from "../../bundler/index.ts"
import { COMPATIBILITY_DATE } from "../../control-plane/ControlPlaneClient.ts"
import type { BindingKind, StandIns } from "../../sandbox/CodeRunner.ts"
import type { Build } from "../purchase/PurchaseStore.ts"

const FIELDS = ["modules", "compatibilityDate", "vars", "resources", "assets", "migrations"] as const

/** The needs of a program beside its code. The bundler reads them from the project's configuration. */
export type Equipment = Pick<Build, (typeof FIELDS)[number]>

/**
 * Picks the needs from a bundle: only those that it has, and a compatibility date only if it is not that of all code, because
 * an upload without any is the same as ever.
 */
export const equipmentOf = (bundle: Bundle & Equipment): Equipment =>
  Object.fromEntries(
    FIELDS.flatMap((field) =>
      isNeeded(bundle[field]) && bundle[field] !== COMPATIBILITY_DATE ? [[field, bundle[field]]] : []
    )
  )

const isNeeded = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.length > 0
    : typeof value === "object" && value !== null
      ? Object.values(value).some(isNeeded)
      : value !== undefined && value !== null

/** Returns what a start check imitates of the host for this program. */
export const standInsOf = ({ resources, assets }: Equipment): StandIns => {
  const objects = resources?.durableObjects?.bindings ?? []
  const named = (kind: BindingKind, names: ReadonlyArray<string>) => names.map((name) => [name, kind] as const)
  return {
    bindings: Object.fromEntries([
      ...named("kv", resources?.kv ?? []),
      ...named("r2", resources?.r2 ?? []),
      ...named("d1", resources?.database == null ? [] : [resources.database]),
      ...named(
        "durable_object",
        objects.map(({ name }) => name)
      ),
      ...named("assets", assets?.binding == null ? [] : [assets.binding])
    ]),
    classes: [...new Set(objects.map(({ className }) => className))],
    assets: assets != null
  }
}

/** Returns the first secret with the name of a binding or a variable; `undefined` if there is none. */
export const findConflict = (secrets: ReadonlyArray<string>, equipment: Equipment): string | undefined => {
  const taken = new Set([...Object.keys(equipment.vars ?? {}), ...Object.keys(standInsOf(equipment).bindings)])
  return secrets.find((name) => taken.has(name))
}
