import { COMPATIBILITY_DATE } from "../control-plane/ControlPlaneClient.ts"
import type { Program } from "./CodeRunner.ts"
import { hostWrappers } from "./isolate/host-wrappers.ts"
import { standInModules } from "./isolate/stand-ins.ts"
import type { WorkerCode, WorkerModule } from "./worker/loader.ts"
import type { Purpose } from "./worker/start.ts"

/**
 * Makes the code for the loader. A site gets the environment of its host as it is when it starts: its variables, the modules
 * beside it, and a stand-in for each binding, but no secrets, which the host sets later. Code that is called once gets Node's modules and globals, with an empty `process.env`.
 */
export const workerCode = (program: Program, purpose: Purpose): WorkerCode => {
  const { main, code, compatibilityFlags, compatibilityDate = COMPATIBILITY_DATE, standIns } = program
  const modules = { [main]: code, ...besides(program) }
  if (purpose === "run") {
    return { mainModule: main, modules, compatibilityDate, compatibilityFlags: ["nodejs_compat"], env: {} }
  }
  const wrappers = hostWrappers(main, (standIns?.classes ?? []).filter(isIdentifier), standIns?.assets ?? false)
  const given = standInModules(wrappers?.main ?? main, standIns?.bindings ?? {})
  const hostMain = given?.main ?? wrappers?.main
  return {
    mainModule: main,
    modules: { ...modules, ...wrappers?.modules, ...given?.modules },
    ...(hostMain !== undefined && { hostMain }),
    ...(given !== undefined && { prelude: given.prelude }),
    compatibilityDate,
    compatibilityFlags,
    env: siteEnv(program)
  }
}

/** The texts of `env` in a start check. */
const siteEnv = ({ vars }: Program): Readonly<Record<string, string>> => ({
  // Jack gives every site the id of its project. There is no project yet, but code may read the id when it starts.
  PROJECT_ID: "proj_00000000-0000-0000-0000-000000000000",
  ...vars
})

const isIdentifier = (name: string): boolean => /^[A-Za-z_$][\w$]*$/.test(name)

const besides = ({ modules = [] }: Program): Readonly<Record<string, WorkerModule>> =>
  Object.fromEntries(
    modules.map(({ name, kind, base64 }) => {
      const bytes = Buffer.from(base64, "base64")
      if (kind === "text") return [name, { text: bytes.toString("utf8") }]
      const buffer = new Uint8Array(bytes).buffer
      return [name, kind === "wasm" ? { wasm: buffer } : { data: buffer }]
    })
  )
