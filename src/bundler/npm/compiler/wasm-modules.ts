import { BundlerCrashError } from "../../diagnostics.ts"
import { toBase64 } from "../../files/base64.ts"
import { isWasmModule, type Module } from "../../files/modules.ts"
import { PackageRefused } from "../errors.ts"
import { PACKAGE_LIMITS } from "../limits.ts"
import type { CompilerSide } from "./CompilerSide.ts"

/**
 * The modules of WebAssembly that a bundle imports from packages.
 *
 * @param imports what the bundle still imports.
 * @throws {PackageRefused} if one is none, or if they are too large.
 */
export const wasmModules = (compiler: CompilerSide, imports: ReadonlyArray<string>): ReadonlyArray<Module> => {
  let left: number = PACKAGE_LIMITS.wasmBytes
  return [...new Set(imports)].toSorted().flatMap((specifier): ReadonlyArray<Module> => {
    const [pkg, path = ""] = compiler.wasmOf(specifier) ?? []
    if (pkg === undefined) return []
    const bytes = pkg.files.get(path)
    if (bytes === undefined) throw new BundlerCrashError(`${path} of ${pkg.label} was not kept`)
    const { name, version } = pkg.release
    const refuse = (code: "damaged" | "too-large", text: string, hint: string) =>
      new PackageRefused({ code, text: `${pkg.label}: ${text}`, hint, package: name, version }, pkg.chain())
    left -= bytes.length
    if (left < 0)
      throw refuse(
        "too-large",
        `the modules of WebAssembly that are imported have more than ${PACKAGE_LIMITS.wasmBytes >> 20} MiB`,
        "Import fewer of them, or a smaller package."
      )
    const base64 = toBase64(bytes)
    if (!isWasmModule(base64))
      throw refuse("damaged", `${path} is no module of WebAssembly`, "Ask for another version.")
    return [{ name: specifier.slice("./".length), kind: "wasm", base64 }]
  })
}
