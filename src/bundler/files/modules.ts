/** A module that is uploaded beside the bundle, which imports it by `./` and its name. */
export interface Module {
  readonly name: string
  readonly kind: "wasm" | "text" | "data"
  readonly base64: string
}

/** Whether base64 begins as WebAssembly does: `\0asm`. */
export const isWasmModule = (base64: string): boolean => base64.startsWith("AGFzb")

/**
 * The name of an uploaded module: the file's path, without signs that a specifier could read otherwise, and with the extension
 * by which the host knows WebAssembly, because it drops files with unknown ones.
 */
export const moduleName = (path: string): string => {
  const name = path.replace(/[^\w./-]/g, (sign) => `_${sign.charCodeAt(0).toString(16)}`)
  return /\.wasm$/i.test(name) ? name : `${name}.wasm`
}
