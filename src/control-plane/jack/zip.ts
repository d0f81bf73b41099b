import { strToU8, zipSync } from "fflate"

/**
 * A zip archive of one file, the same bytes for the same text: zip stores local time without its zone, from 1980 on, and
 * that is the same in every zone.
 */
export const zipOf = (name: string, text: string): Uint8Array<ArrayBuffer> =>
  zipSync({ [name]: [strToU8(text), { mtime: new Date(1980, 0, 1) }] })
