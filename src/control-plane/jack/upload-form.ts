import { COMPATIBILITY_DATE, type Upload } from "../ControlPlane.ts"

/**
 * The multipart body of `POST /v1/projects/:id/deployments/upload`. The manifest and the bundle must be *file* parts, with
 * a filename: Jack answers 500 to plain ones. `message` is the one text part.
 *
 * @param builtAt ISO 8601
 */
export const uploadForm = async (upload: Upload, builtAt: string): Promise<FormData> => {
  // The first upload imports it, because the library's tables take three milliseconds of an isolate's start.
  const { zipOf } = await import("./zip.ts")
  const manifest = JSON.stringify({
    version: 1,
    entrypoint: upload.main,
    compatibility_date: COMPATIBILITY_DATE,
    compatibility_flags: upload.compatibilityFlags,
    module_format: "esm",
    built_at: builtAt
  })
  const bundle = zipOf(upload.main, upload.code)
  const form = new FormData()
  form.append("manifest", new Blob([manifest], { type: "application/json" }), "manifest.json")
  form.append("bundle", new Blob([bundle], { type: "application/zip" }), "bundle.zip")
  if (upload.message !== undefined) form.append("message", upload.message)
  return form
}
