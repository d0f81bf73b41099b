import { COMPATIBILITY_DATE, type Upload } from "./ControlPlane.ts"

/**
 * The multipart body of `POST /v1/projects/:id/deployments/upload`. The manifest and the bundle must be *file* parts, with
 * a filename: Jack answers 500 to plain ones. `message` is the one text part.
 *
 * @param builtAt ISO 8601
 */
export const uploadForm = async (upload: Upload, builtAt: string): Promise<FormData> => {
  // Not before there is something to zip: its tables take three milliseconds of every isolate's start.
  const { strToU8, zipSync } = await import("fflate")
  const manifest = JSON.stringify({
    version: 1,
    entrypoint: upload.main,
    compatibility_date: COMPATIBILITY_DATE,
    compatibility_flags: upload.compatibilityFlags,
    module_format: "esm",
    built_at: builtAt
  })
  // Zip stores local time without its zone, from 1980 on. This is the same in every zone: the same code, the same bytes.
  const mtime = new Date(1980, 0, 1)
  const bundle = zipSync({ [upload.main]: [strToU8(upload.code), { mtime }] })
  const form = new FormData()
  form.append("manifest", new Blob([manifest], { type: "application/json" }), "manifest.json")
  form.append("bundle", new Blob([bundle], { type: "application/zip" }), "bundle.zip")
  if (upload.message !== undefined) form.append("message", upload.message)
  return form
}
