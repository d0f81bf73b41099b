import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** The content of `stack.json`. Addresses are URLs without a trailing slash. */
export interface StackInfo {
  readonly gateway: string
  /** A site answers at this address with `{user}-{slug}.` before the host name. */
  readonly sites: string
  readonly rpc: string
  readonly chainId: number
  /** The addresses of the token that clients pay in, and of the recipient. */
  readonly currency: string
  readonly recipient: string
  /** The key of an account that holds plenty of the currency on the local chain. */
  readonly payerPrivateKey: string
  readonly controlPlane: string
  readonly controlPlaneToken: string
}

/** Writes `stack.json`, readable by its owner only, because it holds keys. */
export const writeInfo = (dir: string, info: StackInfo): void =>
  writeFileSync(join(dir, "stack.json"), `${JSON.stringify(info, null, 2)}\n`, { mode: 0o600 })

/** Deletes `stack.json`, because other programs trust its addresses. */
export const removeInfo = (dir: string): void => rmSync(join(dir, "stack.json"), { force: true })
