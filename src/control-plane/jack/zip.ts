import { strToU8, zipSync } from "fflate"

/**
 * Makes a zip archive of one file, with the same bytes for the same text. Zip stores local time without a zone from 1980 on,
 * and the first of January 1980 is the same in every zone.
 */
export const zipOf = (name: string, text: string): Uint8Array<ArrayBuffer> =>
  zipSync({ [name]: [strToU8(text), { mtime: new Date(1980, 0, 1) }] })
