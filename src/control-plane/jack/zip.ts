import { zipSync } from "fflate"

/**
 * Makes a zip archive, with the same bytes for the same files. Zip stores local time without a zone from 1980 on, and the
 * first of January 1980 is the same in every zone.
 */
export const zipOf = (files: Readonly<Record<string, Uint8Array>>): Uint8Array<ArrayBuffer> => {
  const mtime = new Date(1980, 0, 1)
  return zipSync(Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path, [bytes, { mtime }]])))
}
