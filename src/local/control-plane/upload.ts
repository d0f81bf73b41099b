import { type Answer, fail, ok } from "./answers.ts"
import { type Manifest, manifestErrors } from "./manifest.ts"

/** The content of a multipart upload. */
export interface Upload {
  readonly manifest: Manifest
  readonly bundle: Uint8Array
  readonly schema: string | null
  readonly secrets: Readonly<Record<string, string>> | null
  readonly assets: Uint8Array | null
  readonly message: string | null
}

/**
 * Reads the parts of `POST …/deployments/upload`, or returns the answer that refuses them. The parts must be files: a plain
 * string has no `text()`, so Jack and this server answer 500 for it.
 *
 * @throws Error with the message of Jack's `internal_error`.
 */
export const readUpload = async (form: FormData): Promise<Upload | Answer> => {
  const part = (name: string) => form.get(name) as File | null
  const [manifestPart, bundlePart] = [part("manifest"), part("bundle")]
  if (!manifestPart || !bundlePart) return fail(400, "invalid_request", "manifest and bundle are required")

  const manifest: unknown = JSON.parse(await manifestPart.text())
  const details = manifestErrors(manifest)
  if (details.length > 0) return ok({ error: "invalid_manifest", message: "Manifest validation failed", details }, 400)
  const wanted = manifest as Manifest

  const assets = part("assets")
  if (wanted.bindings?.assets && !assets)
    return fail(
      400,
      "missing_assets",
      "Assets binding declared in manifest but assets.zip is missing. " +
        "The deployment would fail at runtime when accessing env.ASSETS."
    )
  if (assets && !wanted.bindings?.assets)
    return fail(
      400,
      "orphan_assets",
      "assets.zip provided but no assets binding in manifest. " +
        "Add an assets section to wrangler.jsonc to enable static file serving."
    )

  const text = async (name: string): Promise<string | null> => (await part(name)?.text()) || null
  const secrets = await text("secrets")
  const message = form.get("message")
  return {
    manifest: wanted,
    bundle: new Uint8Array(await bundlePart.arrayBuffer()),
    schema: await text("schema"),
    secrets: secrets === null ? null : (JSON.parse(secrets) as Record<string, string>),
    assets: assets && new Uint8Array(await assets.arrayBuffer()),
    message: typeof message === "string" ? message : null
  }
}
