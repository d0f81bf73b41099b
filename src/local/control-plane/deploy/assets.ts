import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { unzipSync } from "fflate"
import type { SiteAssets } from "../../hosting/spec.ts"
import type { Manifest } from "../manifest.ts"

/**
 * Writes the static files of an upload into a folder. Empty files are dropped, as Jack drops them.
 *
 * @throws Error when there is no file, or a path leaves the folder.
 */
export const writeAssets = ({ version, bindings }: Manifest, zip: Uint8Array, directory: string): SiteAssets => {
  const files = Object.entries(unzipSync(zip)).filter(([, content]) => content.length > 0)
  if (files.length === 0) throw new Error("No assets found in assets.zip")
  for (const [name, content] of files) {
    const path = normalize(name.replace(/^\/+/, ""))
    if (path.startsWith("..")) throw new Error(`Invalid asset path ${name}`)
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), content)
  }
  const { binding = "ASSETS", html_handling, not_found_handling, run_worker_first } = bindings?.assets ?? {}
  // Version 1 stands for an app with one page.
  const html = html_handling ?? (version === 1 ? "auto-trailing-slash" : undefined)
  const notFound = not_found_handling ?? (version === 1 ? "single-page-application" : undefined)
  return {
    binding,
    directory,
    ...(html !== undefined && { html_handling: html }),
    ...(notFound !== undefined && { not_found_handling: notFound }),
    ...(run_worker_first !== undefined && { run_worker_first })
  }
}
