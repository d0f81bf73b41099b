import type { Message } from "esbuild-wasm"
import { type Diagnostic, fromMessage } from "../../diagnostics.ts"
import type { Files } from "../../project/project.ts"
import type { CompilerSide } from "../compiler/CompilerSide.ts"
import { PackageRefused } from "../errors.ts"
import { exportedSubpaths } from "../package/exports.ts"
import { refusalAt } from "../project/site.ts"

/** An import of the project for a name that a package does not export: the package as the author knows it. */
const explainNoExport = (compiler: CompilerSide, message: Message): Diagnostic | undefined => {
  const [, module = "", name = ""] =
    /^No matching export in "([^"]{1,1000})" for import "([^"]{1,1000})"$/.exec(message.text) ?? []
  const [pkg, path] = compiler.fileOf(module) ?? []
  if (pkg === undefined) return undefined
  const others = exportedSubpaths(pkg.json["exports"], 8).filter((it) => !it.includes("*"))
  const list = others.map((it) => `${pkg.release.name}/${it}`).join(", ")
  return {
    ...fromMessage(message),
    text: `${pkg.label} exports no ${JSON.stringify(name.slice(0, 200))} (${path})`,
    hint: `Correct the name${list === "" ? "" : `, or import it from ${list}`}, or ask for another version.`
  }
}

/** Explains an error of the compiler that is about a package, at the author's own import; `undefined` for all others. */
export const explainPackageError = (files: Files, compiler: CompilerSide, message: Message): Diagnostic | undefined => {
  const { detail, location, text } = message
  const [pkg, path] = compiler.fileOf(location?.file ?? "") ?? []
  if (detail instanceof PackageRefused) {
    const refusal = refusalAt(files, pkg?.origin.site, detail)
    // The compiler knows the place of an import in the author's file.
    return pkg === undefined ? { ...refusal, ...fromMessage({ ...message, detail: undefined }) } : refusal
  }
  if (pkg === undefined) return explainNoExport(compiler, message)
  const { name: of, version } = pkg.release
  const refusal = new PackageRefused(
    {
      code: "damaged",
      text: `${pkg.label} does not compile: ${text} (${path}:${location?.line})`,
      hint: "Ask for another version of it.",
      package: of,
      version
    },
    pkg.chain()
  )
  return refusalAt(files, pkg.origin.site, refusal)
}
